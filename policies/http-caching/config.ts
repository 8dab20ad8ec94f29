import { z } from 'zod'
import { formulaFault } from '../formula.ts'
import { isToken, reservedHeader } from '../header-fields.ts'

function formula(ofResponse: boolean) {
  return z.string().check((context) => {
    const fault = formulaFault(context.value, ofResponse)
    if (fault !== undefined)
      context.issues.push({ code: 'custom', path: [], message: fault, input: context.value })
  })
}

const writeBehind = z.strictObject({
  flushInterval: z
    .int()
    .min(10)
    .max(60_000)
    .default(1_000)
    .meta({ title: 'Every', description: 'How often the queue is written, in milliseconds.' }),
  maxQueue: z.int().min(1).max(100_000).default(1_000).meta({
    title: 'Queue',
    description: 'Answers that wait at most; older ones beyond are lost and counted.',
  }),
})

export const config = z
  .strictObject({
    httpCachingKey: formula(false)
      .default("#[attributes.method ++ ' ' ++ attributes.host ++ attributes.requestUri]")
      .meta({
        title: 'Kept under',
        description: 'Requests for which this is the same get the same answer.',
        examples: ['#[attributes.requestPath]'],
      }),
    maxCacheEntries: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .meta({ title: 'Answers', description: 'Kept at most in one node; the least recently used go first.' }),
    ttl: z.int().min(1).max(31_536_000).default(600).meta({
      title: 'Lifetime',
      description: 'Seconds that an answer is given again, where the headers are not followed.',
    }),
    useHttpCacheHeaders: z.boolean().default(true).meta({
      title: 'Follow Cache-Control',
      description:
        'Answers say themselves how long they may be given again (RFC 9111); those that say nothing are not kept. Off: all have the same lifetime, kept apart for each caller.',
    }),
    invalidationHeader: z
      .string()
      .max(100)
      .refine((name) => name === '' || (isToken(name) && reservedHeader(name) === undefined), {
        error: 'is no header that may be used for this',
      })
      .default('')
      .meta({
        title: 'Header that empties it',
        description:
          'A request with this header and the value invalidate is answered anew, with invalidate-all everything is forgotten. Empty: there is none.',
        advanced: true,
      }),
    requestExpression: formula(false)
      .default("#[attributes.method == 'GET' or attributes.method == 'HEAD']")
      .meta({
        title: 'For requests',
        description: 'Of GET and HEAD those for which this is true; no other is ever answered from here.',
        advanced: true,
      }),
    responseExpression: formula(true)
      .default('#[[200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501] contains attributes.statusCode]')
      .meta({
        title: 'Answers worth keeping',
        description:
          'Of the whole ones those for which this is true. Errors are kept too, so that what is not there is not asked for again and again.',
        advanced: true,
      }),
    distributed: z.boolean().default(false).meta({
      title: 'Shared by all nodes',
      description: 'Answers are kept in the Redis that the nodes were given by --shared-store.',
    }),
    persistCache: z.boolean().default(false).meta({
      title: 'Kept over restarts',
      description: 'What the shared store keeps outlives every node, and nothing else does.',
      advanced: true,
    }),
    mode: z.enum(['read-through', 'write-behind']).default('read-through').meta({
      title: 'Writing',
      description: 'write-behind: the shared store is written a little later, many answers at once.',
      advanced: true,
    }),
    writeBehind: writeBehind
      .default({ flushInterval: 1_000, maxQueue: 1_000 })
      .meta({ title: 'Write-behind', advanced: true }),
    maxCacheBytes: z
      .int()
      .min(65_536)
      .max(4_294_967_296)
      .default(67_108_864)
      .meta({ title: 'Memory', description: 'Bytes of all answers in one node.', advanced: true }),
    maxEntryBytes: z
      .int()
      .min(1)
      .max(16_777_216)
      .default(1_048_576)
      .meta({ title: 'Longest answer', description: 'Longer ones, in bytes, are not kept.', advanced: true }),
  })
  .refine(({ persistCache, distributed }) => !persistCache || distributed, {
    path: ['persistCache'],
    error: 'what is to outlive a node belongs into the shared store: set distributed',
  })
  .refine(({ mode, distributed }) => mode === 'read-through' || distributed, {
    path: ['mode'],
    error: 'write-behind is about the shared store: set distributed, or leave it out',
  })

export type Config = z.infer<typeof config>
