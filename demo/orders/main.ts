import { runService } from '../serve.ts'
import { startOrders } from './orders.ts'

await runService('orders', startOrders)
