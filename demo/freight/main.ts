import { runService } from '../serve.ts'
import { startFreight } from './freight.ts'

await runService('freight', startFreight)
