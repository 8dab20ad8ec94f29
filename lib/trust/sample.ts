import type { CertificateKind } from '#domain/certificate.ts'
import type { NetworkClass } from '#domain/network.ts'
import type { Owner } from '#domain/party.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import type { SampleContexts } from '../networks/sample.ts'
import { certificateInput } from './input.ts'
import { makeAuthority, makeKey, makeRequest } from './issue.ts'
import { createAuthority, developmentAuthority, signRequest } from './write-authority.ts'
import { createCertificate } from './write-certificate.ts'
import { createContext } from './write-context.ts'

export interface SampleTrust {
  contexts: SampleContexts
  /** What a client outside trusts, as PEM. */
  root: string
  /** A client of the organisation's own: certificate, chain and key, as PEM. Its key is kept nowhere here. */
  client: string
}

const days = 90
const dayMs = 86_400_000

/**
 * The development CA, a CA of a partner, and a context of each class, so that hexagons are proven by certificates at
 * once. What is there already is taken as it is.
 */
export async function createSampleTrust(actor: Actor, host: string): Promise<SampleTrust> {
  const { root, issuing } = await developmentAuthority(actor)
  const edge = await ensureCertificate(actor, 'Edge gateway', issuing.id, [host, 'localhost'])
  // Whoever vouches for what is inside does not vouch for what is beyond a firewall.
  const externalCa = await ensureAuthority(actor, 'Acme external CA', 'organisation')
  const cloud = await ensureCertificate(actor, 'Cloud edge', externalCa, ['edge.acme.example'])
  // The firewall of the hosting network is a client there.
  const hosting = await ensureCertificate(
    actor,
    'Hosting edge',
    externalCa,
    ['hosting.acme.example'],
    'client',
  )
  const partnerCa = await ensureAuthority(actor, 'Retail partner CA', 'third-party')
  const context = (name: string, cls: NetworkClass, authorityId: string, keystoreId: string | null) =>
    ensureContext(actor, { name, class: cls, authorityIds: [authorityId], keystoreId })
  return {
    contexts: {
      'org-internal': await context('Acme internal', 'org-internal', root.id, edge),
      'org-external': await context('Acme external', 'org-external', externalCa, cloud),
      hosting: await context('Acme hosting', 'org-external', externalCa, hosting),
      'non-org-external': await context('Retail partner', 'non-org-external', partnerCa, null),
    },
    root: root.pem,
    client: await sampleClient(actor, issuing.id),
  }
}

async function ensureCertificate(
  actor: Actor,
  name: string,
  authorityId: string,
  hosts: readonly string[],
  kind: CertificateKind = 'server',
): Promise<string> {
  const { organisationId } = actor
  const known = await db().certificate.findFirst({ where: { organisationId, name }, select: { id: true } })
  if (known) return known.id
  const names = hosts.map((value) => ({ type: 'dns', value }))
  const wish = { source: 'issue', name, kind, authorityId, names, lifetimeDays: days }
  return (await createCertificate(actor, certificateInput.parse(wish))).id
}

async function ensureAuthority(actor: Actor, name: string, runBy: Owner): Promise<string> {
  const { organisationId } = actor
  const known = await db().authority.findFirst({ where: { organisationId, name }, select: { id: true } })
  if (known) return known.id
  const { certificate, key } = await makeAuthority({ commonName: name }, 730 * dayMs)
  // The key of a partner's CA is the partner's: nothing is issued by it here.
  const text = runBy === 'organisation' ? certificate + key.reveal() : certificate
  return (await createAuthority(actor, { name, runBy, content: { text } })).id
}

async function ensureContext(actor: Actor, input: Parameters<typeof createContext>[1]): Promise<string> {
  const { organisationId } = actor
  const where = { organisationId, name: input.name }
  const known = await db().mtlsContext.findFirst({ where, select: { id: true } })
  return known?.id ?? (await createContext(actor, input)).id
}

async function sampleClient(actor: Actor, authorityId: string): Promise<string> {
  const key = makeKey()
  const names = [{ type: 'uri', value: 'spiffe://acme/web-shop' }] as const
  const csr = await makeRequest({ subject: { commonName: 'web-shop' }, names }, key)
  const { pem } = await signRequest(actor, authorityId, { csr, kind: 'client', lifetimeDays: days })
  return pem + key.reveal()
}
