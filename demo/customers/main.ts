import { runService } from '../serve.ts'
import { startCustomers } from './service.ts'

await runService('customers', startCustomers)
