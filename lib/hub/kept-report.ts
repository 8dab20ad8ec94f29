import { hash } from 'node:crypto'
import type { Report } from '#contract/events.ts'
import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '../db.ts'

type Part = 'pulse' | 'apis' | 'upstreams' | 'certificates' | 'sessions' | 'processes'

/**
 * Writes the newest report of one node over the one before. A report may be some hundred kilobytes and comes every
 * five seconds, so only the parts that have changed since this connection wrote them are written again.
 */
export class KeptReport {
  #written: ReadonlyMap<string, string> = new Map()

  /** Writes it; call what it gives once the transaction has been committed. */
  async write(
    tx: Tx,
    { nodeId, organisationId }: { nodeId: string; organisationId: string },
    report: Report,
    receivedAt: Date,
  ): Promise<() => void> {
    const parts = partsOf(report)
    const digests = new Map(Object.entries(parts).map(([name, part]) => [name, digestOf(part)]))
    const changed = Object.fromEntries(
      Object.entries(parts).filter(([name]) => digests.get(name) !== this.#written.get(name)),
    )
    const { count } = await tx.nodeReport.updateMany({
      where: { nodeId, organisationId },
      data: { receivedAt, ...changed },
    })
    // Not an upsert: that would send the whole report along each time.
    if (count === 0) await tx.nodeReport.create({ data: { nodeId, organisationId, receivedAt, ...parts } })
    return () => {
      this.#written = digests
    }
  }
}

function partsOf(report: Report) {
  const { apis, upstreams, certificates, sessions, ...rest } = report
  // Who and what was seen has tables of its own (observed.ts).
  const { workers, listeners, handshakes, codes, peers: _, callers: __, agreements: ___, ...pulse } = rest
  return {
    pulse,
    apis,
    upstreams: upstreams ?? Prisma.DbNull,
    certificates: certificates ?? Prisma.DbNull,
    sessions: sessions ?? Prisma.DbNull,
    processes: { workers, listeners, handshakes, codes },
  } satisfies Record<Part, unknown>
}

function digestOf(part: unknown): string {
  return hash('sha256', JSON.stringify(part) ?? '')
}
