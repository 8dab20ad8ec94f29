import { z } from 'zod'
import { type TlsContextItem, tlsContextId, tlsContextItem } from '#contract/items.ts'
import { outboundContext } from '#tls/secure-context.ts'
import type { Tx } from '../db.ts'
import { type Opener, openerOf } from './sealing.ts'

/** mTLS contexts as nodes get them, with the key of what they show open. */

const materialInclude = {
  authorities: { include: { authority: { select: { certificate: true } } }, orderBy: { authorityId: 'asc' } },
  keystore: {
    include: {
      versions: { where: { state: 'current' } },
      kept: { select: { certificateId: true, gatewayId: true } },
    },
  },
} as const

/** What a private key is sealed for. */
export const certificateKeyPurpose = (versionId: string) => `certificate-version:${versionId}`
export const authorityKeyPurpose = (authorityId: string) => `authority:${authorityId}`

/** The contexts behind references in policies, as they are today; those that lead nowhere are left out. */
export async function contextItems(
  tx: Tx,
  organisationId: string,
  refs: Iterable<string>,
): Promise<TlsContextItem[]> {
  const ids = [...new Set(refs)].filter((ref) => z.uuid().safeParse(ref).success)
  if (ids.length === 0) return []
  const rows = await tx.mtlsContext.findMany({
    where: { organisationId, id: { in: ids } },
    include: materialInclude,
    orderBy: { id: 'asc' },
  })
  const opener = await openerOf(tx, organisationId)
  return rows.map(({ id, name, authorities, keystore }) =>
    tlsContextItem.parse({
      kind: 'tls-context',
      id: tlsContextId(id),
      name,
      trustedCa: authorities.map(({ authority }) => authority.certificate).join(''),
      ...(keystore?.kept ? { kept: keystore.kept } : keystoreOf(keystore?.versions[0], opener)),
    }),
  )
}

interface VersionRow {
  readonly id: string
  readonly chain: string | null
  readonly keySealed: string | null
}

// One that is only requested yet, or whose key is elsewhere, cannot be shown.
function keystoreOf(version: VersionRow | undefined, opener: Opener): Pick<TlsContextItem, 'keystore'> {
  if (version?.chain == null || version.keySealed === null) return {}
  const key = opener.unseal(version.keySealed, certificateKeyPurpose(version.id))
  return { keystore: { certificate: version.chain, key: key.reveal() } }
}

/** Why no node could speak TLS with a context, or undefined: what a node makes of it is made, and given up. */
export function materialFault({ trustedCa, keystore }: TlsContextItem): string | undefined {
  try {
    outboundContext({ ...plainTls, trustedCa, certificate: keystore })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What else there is to say of TLS is said by policies. */
const plainTls = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: [],
  alpn: [],
  crl: '',
  skipValidation: false,
  serverName: '',
  subjectAltNames: [],
  spkiHashes: [],
} as const
