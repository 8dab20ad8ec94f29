import { Problem } from '#domain/problem.ts'
import type { TrustUse } from '#domain/trust-record.ts'
import type { Actor } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import type { Tx } from '../db.ts'

export type TrustKind = 'authority' | 'certificate' | 'context' | 'acceptance' | 'rotation'

interface Recorded {
  readonly action: string
  readonly kind: TrustKind
  readonly id: string
  readonly version?: number
  readonly before?: unknown
  readonly after?: unknown
}

/** Notes a change of trust and tells browsers of it. What it holds is shown to reviewers: never a key. */
export async function recordTrust(
  tx: Tx,
  actor: Actor,
  { action, kind, id, version, before, after }: Recorded,
): Promise<void> {
  await audit(tx, actor, {
    action,
    subjectKind: kind,
    subjectId: id,
    ...(version === undefined ? {} : { subjectVersion: version }),
    before,
    after,
  })
  await announceChange(tx, actor.organisationId, { topic: 'trust', id })
}

const titles = { authority: 'CA', certificate: 'certificate', context: 'mTLS context' } as const

/** Refuses a name that another one of the kind has. */
export function refuseTakenName(
  kind: keyof typeof titles,
  taken: { id: string } | null,
  name: string,
  self: string | null,
): void {
  if (taken === null || taken.id === self) return
  const detail = `There is a ${titles[kind]} called ${name} already.`
  throw new Problem('name.taken', detail, { faults: [{ pointer: '/name', detail }] })
}

/** Refuses to delete what is still needed, and names everything that needs it. */
export function refuseUsed(name: string, uses: readonly TrustUse[]): void {
  if (uses.length === 0) return
  const names = uses.map((use) => `${use.kind === 'api' ? 'API' : use.kind} ${use.name}`).join(', ')
  throw new Problem('in-use', `${name} is still used: ${names}.`, { extra: { uses } })
}

// Prisma takes an undefined member as "leave it", the types say it is absent.
export function defined<T extends object>(change: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
