import { request } from 'node:https'
import type { KeyAndCertificate } from '#gateway-runtime/testing/certificates.ts'

export interface Answered {
  status: number
  body: string
}

/** Asks localhost over TLS, with a client certificate or without one. */
export function askByTls(
  port: number,
  path: string,
  ca: string,
  client?: KeyAndCertificate,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path,
        servername: 'localhost',
        headers: { host: 'localhost' },
        ca,
        agent: false,
        ...(client === undefined ? {} : { cert: client.chain, key: client.key }),
      },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (bytes: Buffer) => parts.push(bytes))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
        )
      },
    )
    asked.once('error', reject)
    asked.end()
  })
}
