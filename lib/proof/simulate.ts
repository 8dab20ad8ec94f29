import type { SimulationResult } from '#domain/handshake.ts'
import { Problem } from '#domain/problem.ts'
import { TlsFault } from '#tls/fault.ts'
import { blocksOf } from '#tls/pem.ts'
import { simulateHandshake } from '#tls/simulate.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db, type Tx } from '../db.ts'
import { doorOf } from './door.ts'
import type { Simulation } from './input.ts'

// No chain in use is longer; each certificate costs a check of its signature.
const certificatesMax = 20

/** What a client with that certificate meets at an API or a context: the verdict of the nodes. Nothing is kept. */
export async function simulate(
  actor: Actor,
  { certificate, at }: Simulation,
  now = new Date(),
): Promise<SimulationResult> {
  requirePermission(actor, 'trust.read')
  const { organisationId } = actor
  const { door, at: where } = await doorOf(db(), organisationId, at)
  const shown = await shownPem(db(), organisationId, certificate)
  try {
    return { ...(await simulateHandshake(door, shown, now.getTime())), at: where }
  } catch (error) {
    if (!(error instanceof TlsFault)) throw error
    throw unreadable(`${error.message[0]?.toUpperCase()}${error.message.slice(1)}.`)
  }
}

async function shownPem(
  tx: Tx,
  organisationId: string,
  certificate: Simulation['certificate'],
): Promise<string | undefined> {
  switch (certificate.from) {
    case 'none':
      return undefined
    case 'pem':
      return checkedPem(certificate.pem)
    case 'stored': {
      const row = await tx.certificate.findFirst({
        where: { id: certificate.certificateId, organisationId },
        select: { name: true, versions: { where: { state: 'current' }, select: { chain: true } } },
      })
      if (!row) throw new Problem('not-found', 'There is no such certificate.')
      const chain = row.versions[0]?.chain
      if (chain == null) throw unreadable(`${row.name} has been requested and is not there yet.`)
      return chain
    }
  }
}

function checkedPem(pem: string): string {
  const { length } = blocksOf(pem, 'CERTIFICATE')
  if (length === 0) throw unreadable('There is no certificate in PEM form in it.')
  if (length > certificatesMax)
    throw unreadable(`There are ${length} certificates; a chain has ${certificatesMax} at most.`)
  return pem
}

function unreadable(detail: string): Problem {
  return new Problem('certificate.unreadable', detail, { faults: [{ pointer: '/certificate', detail }] })
}
