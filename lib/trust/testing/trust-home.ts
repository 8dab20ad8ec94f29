import { createPrivateKey, X509Certificate } from 'node:crypto'
import { expect } from 'vitest'
import type { TlsContextItem } from '#contract/items.ts'
import { Problem } from '#domain/problem.ts'
import type { CertificateRecord, ContextRecord } from '#domain/trust-record.ts'
import { db } from '../../db.ts'
import { deployedAt } from '../../publish/configuration.ts'
import { gatewayIn } from '../../publish/draft.ts'
import { publish } from '../../publish/write.ts'
import { testOrganisation } from '../../testing/organisation.ts'
import { certificateInput } from '../input.ts'
import { developmentAuthority } from '../write-authority.ts'
import { createCertificate } from '../write-certificate.ts'
import { createContext } from '../write-context.ts'

const listeners = [
  { id: 'https', protocol: 'https', address: '127.0.0.1', port: 8443 },
  { id: 'http', protocol: 'http', address: '127.0.0.1', port: 8081 },
]

/** A new organisation with a gateway that listens and a development CA, and what tests make of these. */
export async function trustHome() {
  const home = await testOrganisation()
  const owner = await home.actor('owner')
  await db().gateway.update({ where: { id: home.gateway.id }, data: { listeners } })
  const { issuing, root } = await developmentAuthority(owner)

  function leaf(name: string, more: object = {}): Promise<CertificateRecord> {
    return createCertificate(
      owner,
      certificateInput.parse({
        source: 'issue',
        name,
        kind: 'server',
        authorityId: issuing.id,
        names: [{ type: 'dns', value: 'shop.example' }],
        ...more,
      }),
    )
  }

  function context(
    name: string,
    keystoreId: string | null,
    authorityIds = [issuing.id],
  ): Promise<ContextRecord> {
    return createContext(owner, { name, class: 'org-internal', authorityIds, keystoreId })
  }

  async function deploy(expectedHeadRevision = 0, instanceId?: string): Promise<number> {
    return publish(owner, home.gateway.id, { expectedHeadRevision, note: '', instanceId })
  }

  async function served(number: number) {
    const gateway = await gatewayIn(db(), owner.organisationId, home.gateway.id)
    const deployed = await deployedAt(db(), gateway, number)
    const item = async (contextId: string) => {
      const found = (await deployed.read([`tls-context:${contextId}`])).get(`tls-context:${contextId}`)
      if (found?.kind !== 'tls-context') throw new Error('it is not served')
      return found
    }
    return { hashes: deployed.hashes, item }
  }

  return { home, owner, issuing, root, leaf, context, deploy, served }
}
export type TrustHome = Awaited<ReturnType<typeof trustHome>>

/** The fingerprint of what a gateway shows, whose key must fit it. */
export function shownBy(item: TlsContextItem): string {
  const certificate = new X509Certificate(item.keystore?.certificate ?? '')
  expect(certificate.checkPrivateKey(createPrivateKey(item.keystore?.key ?? ''))).toBe(true)
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase()
}

/** The code of a refusal, and its faults in words. */
export async function faultsOf(work: Promise<unknown>) {
  const error = await work.then(
    () => new Error('nothing was refused'),
    (problem: unknown) => problem,
  )
  if (!(error instanceof Problem)) throw error
  return [error.code, ...error.faults.map(({ pointer, detail }) => `${pointer} ${detail}`)]
}
