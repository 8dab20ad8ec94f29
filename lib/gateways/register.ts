import type { Registered, Registration } from '#contract/events.ts'
import type { Actor } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { ensureSigningKey } from '../publish/signing.ts'
import { type KeyHolder, requireGatewayKey } from './keys.ts'

/** Makes a node known, or known again: the same installation is the same node, whatever its host is called now. */
export async function register(wanted: Registration): Promise<Registered> {
  const holder = await requireGatewayKey(wanted.gatewayKey)
  const { organisationId, gatewayId, gatewayName } = holder
  return transaction(async (tx) => {
    // Two registrations of one installation at once make one node; the lock ends with the transaction.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`node:${wanted.installationId}`}, 0))`
    const nodeId = await upsertNode(tx, holder, wanted)
    await tx.gatewayKey.update({ where: { id: holder.keyId }, data: { lastUsedAt: new Date() } })
    const { id: keyId, publicKey } = await ensureSigningKey(tx, organisationId)
    await announceChange(tx, organisationId, { topic: 'nodes', id: nodeId })
    return { nodeId, gatewayId, gatewayName, signingKeys: [{ keyId, publicKey }] }
  })
}

async function upsertNode(tx: Tx, holder: KeyHolder, wanted: Registration): Promise<string> {
  const { organisationId, gatewayId } = holder
  const { hostname, capabilities, runtimeVersion, installationId } = wanted
  const facts = { hostname, capabilities, runtimeVersion }
  const known = await tx.node.findUnique({
    where: { gatewayId_installationId: { gatewayId, installationId } },
  })
  if (known) {
    await tx.node.update({ where: { id: known.id }, data: facts })
    return known.id
  }
  const node = await tx.node.create({ data: { organisationId, gatewayId, installationId, ...facts } })
  const after = { gateway: holder.gatewayName, hostname, runtimeVersion, installationId }
  await audit(tx, machineOf(holder, hostname), {
    action: 'node.register',
    subjectKind: 'node',
    subjectId: node.id,
    after,
  })
  return node.id
}

// In the trail a node stands under the key that it came with.
function machineOf(holder: KeyHolder, hostname: string): Actor {
  return {
    kind: 'machine',
    id: holder.keyId,
    name: hostname,
    organisationId: holder.organisationId,
    role: 'viewer',
    scopes: new Set(),
    sessionId: null,
  }
}
