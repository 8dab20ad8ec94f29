import { runService } from '../serve.ts'
import { startCustomers } from './customers.ts'

await runService('customers', startCustomers)
