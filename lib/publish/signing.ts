import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import type { Tx } from '../db.ts'
import { openerOf, sealerOf } from '../trust/sealing.ts'

/** What a signing key is sealed for. */
export const signingKeyPurpose = (organisationId: string) => `signing-key:${organisationId}`

/** The key that signs an organisation's manifests, as far as others may know it; made at the first call. */
export async function ensureSigningKey(
  tx: Tx,
  organisationId: string,
): Promise<{ id: string; publicKey: string }> {
  const { id, publicKey } = await sealedSigningKey(tx, organisationId)
  return { id, publicKey }
}

async function sealedSigningKey(
  tx: Tx,
  organisationId: string,
): Promise<{ id: string; publicKey: string; privateKeySealed: string }> {
  const select = { id: true, publicKey: true, privateKeySealed: true }
  const where = { organisationId, retiredAt: null }
  const orderBy = { createdAt: 'desc' } as const
  const known = await tx.signingKey.findFirst({ where, orderBy, select })
  if (known) return known
  // Two at once must not make two keys, of which nodes would pin one; the lock ends with the transaction.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${signingKeyPurpose(organisationId)}, 0))`
  const meanwhile = await tx.signingKey.findFirst({ where, orderBy, select })
  if (meanwhile) return meanwhile
  const pair = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const sealer = await sealerOf(tx, organisationId)
  const privateKeySealed = sealer.seal(pair.privateKey, signingKeyPurpose(organisationId))
  return tx.signingKey.create({
    data: { organisationId, publicKey: pair.publicKey, privateKeySealed },
    select,
  })
}

/** Signs the canonical JSON of a manifest with the organisation's Ed25519 key. */
export async function signManifest(
  tx: Tx,
  organisationId: string,
  json: string,
): Promise<{ signature: string; keyId: string }> {
  const { id, privateKeySealed } = await sealedSigningKey(tx, organisationId)
  const opener = await openerOf(tx, organisationId)
  const key = createPrivateKey(opener.unseal(privateKeySealed, signingKeyPurpose(organisationId)).reveal())
  return { signature: sign(null, Buffer.from(json), key).toString('base64url'), keyId: id }
}
