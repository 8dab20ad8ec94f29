import { runService } from '../serve.ts'
import { startOrders } from './service.ts'

await runService('orders', startOrders)
