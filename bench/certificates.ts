import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority, type KeyAndCertificate } from '#gateway-runtime/testing/certificates.ts'

/** A CA with a certificate for servers and one for clients (ECDSA P-256), as PEM files too. */
export interface Certificates {
  readonly folder: string
  readonly server: KeyAndCertificate
  readonly client: KeyAndCertificate
  readonly ca: string
}

export async function makeCertificates(parent: string): Promise<Certificates> {
  const authority = await createAuthority('Bench')
  const server = await authority.issue({ names: ['dns:localhost'], usage: 'server' })
  const client = await authority.issue({ names: ['uri:spiffe://bench.example/client'], usage: 'client' })
  const folder = join(parent, 'certificates')
  mkdirSync(folder)
  const files = {
    'ca.pem': authority.certificate,
    'server.pem': server.chain,
    'server-key.pem': server.key,
    'server-both.pem': server.chain + server.key,
    'client.pem': client.chain,
    'client-key.pem': client.key,
    'client-both.pem': client.chain + client.key,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return { folder, server, client, ca: authority.certificate }
}
