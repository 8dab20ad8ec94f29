import { listed } from '#domain/listing.ts'
import { Problem } from '#domain/problem.ts'
import type { SignOffGate } from '#domain/sign-off.ts'
import type { Tx } from '../db.ts'
import { type Hashes, hashOf } from '../publish/compile.ts'
import type { GatewayHead } from '../publish/draft.ts'
import { authorsOf, signersBut } from './authors.ts'
import { lastSignOff, standingFor } from './standing.ts'

/** What stands between a draft and its deployment; null where the environment demands no sign-off. */
export async function gateFor(
  tx: Tx,
  gateway: Pick<GatewayHead, 'id' | 'organisationId'>,
  compiled: () => Promise<Hashes>,
): Promise<SignOffGate | null> {
  if (!(await demandedAt(tx, gateway))) return null
  const { id: gatewayId, organisationId } = gateway
  const hashes = await compiled()
  const hash = hashOf(hashes)
  const [signOff, review, last] = await Promise.all([
    standingFor(tx, gateway, hash),
    tx.review.findFirst({
      where: { organisationId, gatewayId, hash, withdrawnAt: null },
      orderBy: { createdAt: 'desc' },
      select: { id: true },
    }),
    lastSignOff(tx, gateway),
  ])
  const authors = await authorsOf(tx, gateway, last, hashes)
  const signers = await signersBut(tx, organisationId, new Set(authors.keys()))
  return { demanded: true, hash, signOff, reviewId: review?.id ?? null, mayBeSignedBy: signers }
}

/**
 * Refuses what nobody has signed off where that is demanded. Any of the configurations may be what was signed:
 * a roll-back serves what was, with the keys and certificates of today.
 */
export async function requireSignOff(
  tx: Tx,
  gateway: GatewayHead,
  ...signed: readonly Hashes[]
): Promise<void> {
  if (!(await demandedAt(tx, gateway))) return
  for (const hashes of signed) if (await standingFor(tx, gateway, hashOf(hashes))) return
  const gate = await gateFor(tx, gateway, async () => signed[0] ?? {})
  const who = gate?.mayBeSignedBy ?? []
  const by =
    who.length === 0
      ? 'nobody here may yet: it takes a reviewer or an admin who changed nothing in it'
      : `${listed(who)} may`
  throw new Problem('sign-off.required', `Nobody has signed this off; ${by}. Request a review.`, {
    extra: { mayBeSignedBy: who, hash: gate?.hash, reviewId: gate?.reviewId },
  })
}

async function demandedAt(tx: Tx, { id, organisationId }: Pick<GatewayHead, 'id' | 'organisationId'>) {
  const environment = await tx.environment.findFirst({
    where: { organisationId, gateways: { some: { id } } },
    select: { demandsSignOff: true },
  })
  return environment?.demandsSignOff === true
}
