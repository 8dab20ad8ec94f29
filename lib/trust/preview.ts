import { createHash } from 'node:crypto'
import { type CertificateFacts, type CertificateKind, mayBe } from '#domain/certificate.ts'
import { renewalChecks } from '#domain/renewal.ts'
import type { CertificateContent, RotationPreview, TrustImpact } from '#domain/trust-record.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db } from '../db.ts'
import { impactOf } from './impact.ts'
import { readRequest } from './issue.ts'
import { type Content, readKeystore } from './keystore.ts'
import { certificateIn } from './read.ts'
import { chainFacts } from './stored.ts'

/** What a version that is brought would be, what to think of before it is shown, and whom it reaches. */
export async function previewRotation(actor: Actor, id: string, given: Content): Promise<RotationPreview> {
  requirePermission(actor, 'trust.read')
  const { chain, key } = await readKeystore(given)
  const { organisationId } = actor
  const before = await certificateIn(db(), organisationId, id)
  const contextIds = before.usedBy.map((context) => context.id)
  const trusted = await db().contextAuthority.findMany({
    where: { organisationId, contextId: { in: contextIds } },
    include: { authority: { select: { certificate: true } } },
  })
  const answersRequest = key === null && (await answers(chain[0], before.request))
  const checks = renewalChecks(
    {
      kind: before.kind,
      shown: before.chain[0],
      chain,
      key: key !== null ? 'brought' : answersRequest ? 'waits' : 'absent',
      isUsed: before.usedBy.length > 0,
      trusted: trusted.flatMap(({ authority }) => chainFacts(authority.certificate)),
    },
    new Date(),
  )
  return {
    chain: [...chain],
    hasKey: key !== null,
    answersRequest,
    checks,
    warnings: checks.flatMap(({ verdict, text }) => (verdict === 'passed' ? [] : [text])),
    impact: await impactOf(db(), organisationId, contextIds),
  }
}

async function answers(leaf: CertificateFacts | undefined, request: string | null): Promise<boolean> {
  if (!leaf || request === null) return false
  const { publicKey } = await readRequest(request, '/content')
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('base64') === leaf.spkiSha256
}

/** Whom a renewal reaches, whatever the new version is. */
export async function readCertificateImpact(actor: Actor, id: string): Promise<TrustImpact> {
  requirePermission(actor, 'trust.read')
  const { usedBy } = await certificateIn(db(), actor.organisationId, id)
  const contextIds = usedBy.map((context) => context.id)
  return impactOf(db(), actor.organisationId, contextIds)
}

/** What a file holds, before anything is made of it. Nothing of it is kept. */
export async function checkContent(actor: Actor, given: Content): Promise<CertificateContent> {
  requirePermission(actor, 'trust.write')
  const { chain, key } = await readKeystore(given)
  const [leaf] = chain
  return { chain: [...chain], hasKey: key !== null, kind: leaf ? kindOf(leaf) : 'server' }
}

function kindOf(leaf: CertificateFacts): CertificateKind {
  if (leaf.isCa) return 'ca'
  return mayBe('client', leaf) && !mayBe('server', leaf) ? 'client' : 'server'
}
