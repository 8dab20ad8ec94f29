import { mayBe, validityOf } from '#domain/certificate.ts'
import { Problem } from '#domain/problem.ts'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { type Tx, transaction } from '../db.ts'
import { requireVersion } from '../versions.ts'
import type { CertificateInput } from './input.ts'
import { type Content, readKeystore } from './keystore.ts'
import { announceOrders, keptNames } from './kept-orders.ts'
import { lockTrust } from './lock.ts'
import { certificateIn } from './read.ts'
import { recordTrust } from './record.ts'

/** Certificates that nodes keep: what they are asked for, and what a CA elsewhere signed for one of them. */

type Keeping = Extract<CertificateInput, { source: 'nodes' }>

/** Asks the nodes of a gateway for it. */
export async function orderOfNodes(
  tx: Tx,
  { organisationId }: Actor,
  certificateId: string,
  { gatewayId, authorityId, names, lifetimeDays }: Keeping,
  commonName: string,
): Promise<void> {
  const gateway = await tx.gateway.findFirst({ where: { id: gatewayId, organisationId } })
  if (!gateway) refuseAt('/gatewayId', 'There is no such gateway.')
  if (authorityId !== null) await requireIssuer(tx, organisationId, authorityId)
  const data = {
    certificateId,
    organisationId,
    gatewayId,
    commonName,
    names,
    lifetimeDays,
    issuerId: authorityId,
  }
  await tx.keptCertificate.create({ data })
  await announceOrders(tx, organisationId, gatewayId)
}

async function requireIssuer(tx: Tx, organisationId: string, id: string): Promise<void> {
  const authority = await tx.authority.findFirst({ where: { id, organisationId } })
  if (!authority) refuseAt('/authorityId', 'There is no such CA.')
  if (authority.keySealed === null)
    refuseAt('/authorityId', `The key of ${authority.name} is not here, so it issues nothing here.`)
}

/** Has every node make another key, at once. */
export function renewByNodes(actor: Actor, id: string, ifMatch: number): Promise<CertificateRecord> {
  return change(actor, id, ifMatch, 'certificate.nodes.renew', async (tx) => {
    await tx.keptCertificate.update({ where: { certificateId: id }, data: { generation: { increment: 1 } } })
  })
}

/** Has every node make another key, which another CA here signs. */
export async function reissueByNodes(
  tx: Tx,
  actor: Actor,
  { id, name, kept }: CertificateRecord,
  issuerId: string,
): Promise<void> {
  if (kept === null || kept.issuerId === null) {
    const detail = `The requests of ${name} are signed elsewhere; have the new CA sign its next ones.`
    throw new Problem('rotation.refused', detail)
  }
  await tx.keptCertificate.update({
    where: { certificateId: id },
    data: { issuerId, generation: { increment: 1 } },
  })
  await tx.certificate.update({ where: { id }, data: { version: { increment: 1 } } })
  const after = await certificateIn(tx, actor.organisationId, id)
  await recordTrust(tx, actor, {
    action: 'certificate.nodes.renew',
    kind: 'certificate',
    id,
    version: after.version,
    after: auditedKept(after),
  })
  await announceOrders(tx, actor.organisationId, kept.gatewayId)
}

/** Takes what a CA elsewhere signed for the request of one node, which shows it as soon as it hears of it. */
export async function completeForNode(
  actor: Actor,
  id: string,
  nodeId: string,
  given: Content,
  ifMatch: number,
): Promise<CertificateRecord> {
  requirePermission(actor, 'trust.write')
  const { pem, chain, key } = await readKeystore(given)
  if (key !== null) refuseAt('/content', 'Give the certificate alone: its key never leaves the node.')
  return change(actor, id, ifMatch, 'certificate.node.complete', async (tx, { kind, kept }) => {
    const { organisationId } = actor
    const row = await tx.nodeCertificate.findFirst({ where: { certificateId: id, nodeId, organisationId } })
    if (row?.request == null) throw new Problem('certificate.refused', 'No request of this node is out.')
    const [leaf] = chain
    if (leaf?.spkiSha256 !== row.spkiSha256)
      refuseAt('/content', 'It is for another key than that of the request of this node.')
    const lacking = kept.names.filter(
      ({ type, value }) => !leaf.names.some((name) => name.type === type && name.value === value),
    )
    if (lacking.length > 0)
      refuseAt('/content', `It lacks ${lacking.map(({ value }) => value).join(', ')}, which was asked for.`)
    if (kind !== 'ca' && !mayBe(kind, leaf)) refuseAt('/content', `It may not be used as that of a ${kind}.`)
    if (validityOf(leaf, new Date()).state === 'expired')
      refuseAt('/content', `It ended on ${leaf.notAfter.slice(0, 10)}.`)
    const data = { chain: pem, signedAt: new Date(), request: null, fault: null }
    await tx.nodeCertificate.update({ where: { id: row.id }, data })
  })
}

type Kept = CertificateRecord & { readonly kept: NonNullable<CertificateRecord['kept']> }

function change(
  actor: Actor,
  id: string,
  ifMatch: number,
  action: string,
  work: (tx: Tx, before: Kept) => Promise<void>,
): Promise<CertificateRecord> {
  requirePermission(actor, 'trust.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    await lockTrust(tx, actor)
    const before = await certificateIn(tx, organisationId, id)
    await requireVersion(tx, actor, { kind: 'certificate', id, version: before.version }, ifMatch)
    const { kept } = before
    if (kept === null)
      throw new Problem('certificate.refused', `No nodes keep ${before.name}: its key is here, or elsewhere.`)
    await work(tx, { ...before, kept })
    await tx.certificate.update({ where: { id }, data: { version: { increment: 1 } } })
    const after = await certificateIn(tx, organisationId, id)
    const told = auditedKept(after)
    await recordTrust(tx, actor, { action, kind: 'certificate', id, version: after.version, after: told })
    await announceOrders(tx, organisationId, kept.gatewayId)
    return after
  })
}

/** How far the nodes are, as the audit trail keeps it. */
export function auditedKept({ kept }: CertificateRecord) {
  if (kept === null) return undefined
  const { gatewayName, commonName, names, issuerName, lifetimeDays, nodes } = kept
  return {
    gateway: gatewayName,
    commonName,
    names: keptNames.parse(names),
    issuer: issuerName,
    lifetimeDays,
    nodes: nodes.map(({ hostname, state, leaf }) => ({ hostname, state, sha256: leaf?.sha256 ?? null })),
  }
}

function refuseAt(pointer: string, detail: string): never {
  throw new Problem('certificate.refused', detail, { faults: [{ pointer, detail }] })
}
