import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { environmentKinds } from '#domain/gateway.ts'
import { convertSwagger } from '../catalog/swagger.ts'
import { check } from '../check/check.ts'
import { readFolder } from '../check/documents.ts'
import { planOf } from './plan.ts'

// Runs as a thread of its own: documents are somebody else's, and may be made to take long.
const { sources, environment } = z
  .object({
    sources: z.array(z.object({ file: z.string(), text: z.string() })),
    environment: z.enum(environmentKinds),
  })
  .parse(workerData)

const settings = { environment, now: new Date(), convertSwagger }
const report = await check(sources, settings)
const planned = planOf(await readFolder(sources, convertSwagger))
parentPort?.postMessage({ report, planned })
