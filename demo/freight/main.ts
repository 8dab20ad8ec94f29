import { runService } from '../serve.ts'
import { startFreight } from './service.ts'

await runService('freight', startFreight)
