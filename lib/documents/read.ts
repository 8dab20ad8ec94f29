import type { Source } from '#dialects/flex/document.ts'
import type { EnvironmentKind } from '#domain/gateway.ts'
import { Problem } from '#domain/problem.ts'
import { Secret } from '#domain/secret.ts'
import type { CheckReport } from '../check/report.ts'
import { inWorker, type WorkerLimits } from '../worker.ts'
import type { Planned } from './plan.ts'

/** What documents say, and what they become. */
export interface ReadDocuments {
  readonly report: CheckReport
  readonly planned: Planned<Secret>
}

const limits: WorkerLimits = { deadlineMs: 20_000, heapMegabytesMax: 384 }

/** Reads a folder of documents in a thread of its own. */
export async function readDocuments(
  sources: readonly Source[],
  environment: EnvironmentKind,
): Promise<ReadDocuments> {
  const outcome = await inWorker<{ report: CheckReport; planned: Planned }>(
    'lib/documents/read-worker.ts',
    { sources, environment },
    limits,
  )
  if ('met' in outcome)
    throw new Problem(
      'documents.unreadable',
      outcome.met === 'memory'
        ? 'Reading them takes too much memory.'
        : `Reading them takes longer than ${limits.deadlineMs / 1_000} s.`,
    )
  const { report, planned } = outcome.said
  const contexts = planned.contexts.map((context) => ({
    ...context,
    keystore: context.keystore && {
      ...context.keystore,
      key: context.keystore.key === null ? null : new Secret(context.keystore.key),
    },
  }))
  return { report, planned: { ...planned, contexts } }
}
