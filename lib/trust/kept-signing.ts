import { hash, type KeyObject } from 'node:crypto'
import type { SigningAnswer, SigningRequest } from '#contract/kept-certificates.ts'
import { dayMs } from '#domain/certificate.ts'
import { whyNotAskedFor } from '#domain/kept-certificate.ts'
import { Problem } from '#domain/problem.ts'
import type { KeptCertificate, NodeCertificate } from '#prisma/generated/client.ts'
import { audit, type AuditedActor } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { issue, readRequest } from './issue.ts'
import { type Keeper, keptNames } from './kept-orders.ts'
import { chainFacts } from './stored.ts'
import { openAuthority } from './write-authority.ts'

/**
 * Answers the request of a node that authenticated as itself: it must be for what its gateway's nodes were asked to
 * keep, name exactly that, and be signed by a key that no other node has. A CA here signs it at once.
 */
export async function answerRequest(
  keeper: Keeper & { readonly keyId: string },
  { certificateId, csr }: SigningRequest,
): Promise<SigningAnswer> {
  const { organisationId, gatewayId, nodeId } = keeper
  return transaction(async (tx): Promise<SigningAnswer> => {
    // One request of a node after another; the lock ends with the transaction.
    await tx.$queryRaw`SELECT 1 FROM "KeptCertificate"
      WHERE "certificateId" = ${certificateId}::uuid AND "organisationId" = ${organisationId}::uuid FOR UPDATE`
    const where = { certificateId, organisationId, gatewayId }
    const kept = await tx.keptCertificate.findFirst({ where, include: { certificate: true } })
    const node = await tx.node.findFirst({ where: { id: nodeId, organisationId, gatewayId } })
    if (!kept || !node) return { status: 'refused', reason: 'Nobody has asked this node for it.' }
    const actor = { kind: 'machine', id: keeper.keyId, name: node.hostname, organisationId } as const
    const told = { tx, keeper, actor, kept }
    const asked = await readAsked(csr)
    if ('reason' in asked) return refuse(told, asked.reason)
    const fault = whyNotAskedFor(asked, { commonName: kept.commonName, names: keptNames.parse(kept.names) })
    if (fault !== null) return refuse(told, `The request is not what was asked for: ${fault}.`)
    const weak = whyWeak(asked.publicKey)
    if (weak !== null) return refuse(told, weak)
    return answer(told, csr, asked.publicKey)
  })
}

interface Told {
  readonly tx: Tx
  readonly keeper: Keeper
  readonly actor: AuditedActor
  readonly kept: KeptCertificate & { readonly certificate: { readonly name: string; readonly kind: string } }
}

async function readAsked(csr: string) {
  try {
    return await readRequest(csr, '/csr')
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { reason: error.message }
  }
}

const rsaBitsMin = 2_048

function whyWeak({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string | null {
  const curves = ['prime256v1', 'secp384r1', 'secp521r1']
  const isStrong =
    type === 'ed25519' ||
    (type === 'ec' && curves.includes(details?.namedCurve ?? '')) ||
    (type === 'rsa' && (details?.modulusLength ?? 0) >= rsaBitsMin)
  return isStrong ? null : 'The key of the request is too weak, or of a kind that is not known here.'
}

async function answer(told: Told, csr: string, publicKey: KeyObject): Promise<SigningAnswer> {
  const { tx, keeper, kept } = told
  const { organisationId, nodeId } = keeper
  const { certificateId } = kept
  const spkiSha256 = hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'base64')
  const rows = await tx.nodeCertificate.findMany({
    where: { organisationId, OR: [{ certificateId, nodeId }, { spkiSha256 }] },
  })
  const own = rows.find((row) => row.certificateId === certificateId && row.nodeId === nodeId)
  if (rows.some((row) => row !== own)) return refuse(told, 'Another request came with the same key already.')
  // Asked once more, because the answer was lost.
  if (own?.chain != null && chainFacts(own.chain)[0]?.spkiSha256 === spkiSha256)
    return { status: 'signed', chain: own.chain }
  if (kept.issuerId !== null) return signHere(told, kept.issuerId, publicKey, spkiSha256)
  const isKnown = own?.request != null && own.spkiSha256 === spkiSha256
  if (!isKnown) await noteRequest(told, own, csr, spkiSha256)
  return { status: 'waiting' }
}

async function noteRequest(told: Told, own: NodeCertificate | undefined, csr: string, spkiSha256: string) {
  await put(told, { request: csr, requestedAt: new Date(), spkiSha256, fault: null })
  await record(told, 'certificate.node.request', { renews: own?.chain != null, spkiSha256 })
}

async function signHere(
  told: Told,
  issuerId: string,
  publicKey: KeyObject,
  spkiSha256: string,
): Promise<SigningAnswer> {
  const { tx, keeper, kept } = told
  const { kind } = kept.certificate
  const authority = await openAuthority(tx, keeper.organisationId, issuerId, '/issuerId')
  const wish = {
    kind: kind === 'client' ? ('client' as const) : ('server' as const),
    subject: { commonName: kept.commonName },
    names: keptNames.parse(kept.names),
    lifetimeMs: kept.lifetimeDays * dayMs,
  }
  const chain = (await issue(wish, publicKey, authority)) + authority.chain
  const [leaf] = chainFacts(chain)
  await put(told, {
    request: null,
    requestedAt: new Date(),
    spkiSha256,
    chain,
    signedAt: new Date(),
    fault: null,
  })
  const { serialNumber, sha256, notAfter } = leaf ?? {}
  await record(told, 'certificate.node.sign', { serialNumber, sha256, notAfter, issuerId })
  return { status: 'signed', chain }
}

type Change = Partial<Omit<NodeCertificate, 'id' | 'organisationId' | 'certificateId' | 'nodeId'>>

async function put({ tx, keeper, kept: { certificateId } }: Told, change: Change): Promise<void> {
  const { organisationId, nodeId } = keeper
  await tx.nodeCertificate.upsert({
    where: { certificateId_nodeId: { certificateId, nodeId } },
    create: { organisationId, certificateId, nodeId, ...change },
    update: change,
  })
}

async function refuse(told: Told, reason: string): Promise<SigningAnswer> {
  const { tx, keeper, kept } = told
  const { organisationId, nodeId } = keeper
  const where = { certificateId: kept.certificateId, nodeId, organisationId }
  const before = await tx.nodeCertificate.findFirst({ where, select: { fault: true } })
  // A node asks again and again; the trail says it once.
  if (before?.fault === reason) return { status: 'refused', reason }
  await put(told, { fault: reason })
  await record(told, 'certificate.node.request', { reason }, 'refused')
  return { status: 'refused', reason }
}

async function record(
  { tx, keeper, actor, kept: { certificateId } }: Told,
  action: string,
  after: object,
  outcome: 'done' | 'refused' = 'done',
): Promise<void> {
  const { nodeId, organisationId } = keeper
  const subject = { action, subjectKind: 'certificate', subjectId: certificateId, outcome }
  await audit(tx, actor, { ...subject, after: { nodeId, ...after } })
  await announceChange(tx, organisationId, { topic: 'trust', id: certificateId })
}
