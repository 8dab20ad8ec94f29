import type { X509Certificate } from 'node:crypto'
import { duplexPair } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { certificateAndEnd, clientHello, isServerDone } from './mute-client.ts'
import { type Verifying, verifyingContext } from './secure-context.ts'
import { certificateMaker } from './self-signed.ts'

/** What a server saw of a client's chain. */
export interface LookedAt {
  /** With its issuers, as far as they were shown; undefined where OpenSSL could not take the chain at all. */
  readonly certificate: X509Certificate | undefined
  /** OpenSSL's code for what is wrong with the chain; undefined where it verified. */
  readonly error: string | undefined
}

const ownCertificate = certificateMaker()
const answerMsMax = 5_000

/**
 * Has OpenSSL look at a client's chain as it does in a handshake, without the client's key: a real server is shown
 * the chain by a client that ends before it would have to sign. Rejects where no answer comes.
 */
export function lookAtChain(chain: readonly X509Certificate[], settings: Verifying): Promise<LookedAt> {
  const { crt, key } = ownCertificate('simulated')
  const [near, far] = duplexPair()
  const server = new TLSSocket(far, {
    isServer: true,
    secureContext: verifyingContext(settings, { certificate: crt, key }),
    requestCert: true,
    rejectUnauthorized: false,
  })
  const verification = verificationOf(server)
  const { promise, resolve, reject } = Promise.withResolvers<LookedAt>()
  const timer = setTimeout(() => reject(new Error('the handshake did not end')), answerMsMax)
  // Node keeps what it knows of the peer until those who are told of the failure have looked.
  server.once('error', () => {
    const certificate = server.getPeerX509Certificate()
    resolve({ certificate, error: certificate === undefined ? undefined : verification.verifyError()?.code })
  })
  server.on('error', () => undefined)
  speak(near, chain)
  return promise.finally(() => {
    clearTimeout(timer)
    server.destroy()
    near.destroy()
  })
}

function speak(near: ReturnType<typeof duplexPair>[0], chain: readonly X509Certificate[]): void {
  let heard: Buffer = Buffer.alloc(0)
  let hasShown = false
  near.on('error', () => undefined)
  near.on('data', (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes])
    if (hasShown || !isServerDone(heard)) return
    hasShown = true
    near.write(certificateAndEnd(chain))
  })
  near.write(clientHello())
}

interface Verification {
  verifyError(): { readonly code: string } | null | undefined
}

// Node says what OpenSSL found once a handshake has ended well, by the very call that is made here; of one that has
// not, it keeps it in the object below the socket, for which it has no type.
function verificationOf(socket: TLSSocket): Verification {
  const { _handle } = socket as unknown as { _handle: Verification }
  return _handle
}
