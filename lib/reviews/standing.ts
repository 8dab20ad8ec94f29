import { z } from 'zod'
import type { SignOff } from '#domain/sign-off.ts'
import type { Tx } from '../db.ts'
import type { Hashes } from '../publish/compile.ts'
import { shortSignOff, toSignOff, withObjections } from './stored.ts'

/** Which sign-offs count: those that nobody has said anything against. */

interface Gateway {
  readonly id: string
  readonly organisationId: string
}

const uncontested = { objections: { none: {} } } as const

/** Who answers for exactly this; null when nobody does. */
export async function standingFor(tx: Tx, gateway: Gateway, hash: string): Promise<SignOff | null> {
  const row = await tx.signOff.findFirst({
    where: { organisationId: gateway.organisationId, gatewayId: gateway.id, hash, ...uncontested },
    orderBy: { createdAt: 'desc' },
    ...shortSignOff,
  })
  return row && toSignOff(row)
}

/** What was signed off last, with what it was made of. */
export interface Signed {
  readonly signOff: SignOff
  readonly hashes: Hashes
  readonly auditSequence: number
  readonly openSince: Readonly<Record<string, number>>
}

// Written by this folder.
const hashes = z.record(z.string(), z.string())
const sequences = z.record(z.string(), z.int())

/** The newest sign-off of a gateway that counts, of something else than what `but` names. */
export async function lastSignOff(tx: Tx, gateway: Gateway, but?: string): Promise<Signed | null> {
  const row = await tx.signOff.findFirst({
    where: {
      organisationId: gateway.organisationId,
      gatewayId: gateway.id,
      ...uncontested,
      ...(but === undefined ? {} : { hash: { not: but } }),
    },
    orderBy: { createdAt: 'desc' },
    include: withObjections,
  })
  if (!row) return null
  return {
    signOff: toSignOff(row),
    hashes: hashes.parse(row.items),
    auditSequence: row.auditSequence,
    openSince: sequences.parse(row.openSince),
  }
}
