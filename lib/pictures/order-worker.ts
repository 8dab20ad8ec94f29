import { parentPort, workerData } from 'node:worker_threads'
import Elk from 'elkjs/lib/elk.bundled.js'
import { heightsBy } from '#diagram/layout/order.ts'
import type { ToOrder } from './order.ts'

// Orders one graph and ends, while the portal answers others.

const { graph } = workerData as ToOrder
parentPort?.postMessage(await heightsBy(new Elk(), graph))
