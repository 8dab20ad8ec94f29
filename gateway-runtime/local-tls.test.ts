import { writeFile } from 'node:fs/promises'
import { request, type RequestOptions } from 'node:https'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { KeyAndCertificate } from './testing/certificates.ts'
import { type GatewayProcess, runGateway } from './testing/process.ts'
import { closing, temporaryFolder, until } from './testing/world.ts'
import {
  admission,
  createTrust,
  inboundDocuments,
  monitoring,
  outboundInstance,
  outboundSecrets,
  renewal,
  spiffe,
  startTrustingUpstream,
  type Trust,
} from './testing/zero-trust.ts'

const end = closing()
const anyPort = 'https://127.0.0.1:0'
let trust: Trust
let folder: string
let upstream: string

function write(file: string, text: string): Promise<void> {
  return writeFile(join(folder, file), text)
}

function run(...args: string[]): GatewayProcess {
  const serving = ['--local', folder, '--allow-loopback-upstreams', ...args]
  return runGateway(serving, { HEXGATE_WORKERS: '1' }, end)
}

/** A node that serves the folder, and a way to ask it with or without a certificate. */
async function serve(...args: string[]) {
  const child = run('--admin-port', '0', ...args)
  const started = () => /"adminPort":(\d+),"ports":\[(\d+)\]/.exec(child.output())
  await until('the node started', () => started() ?? child.process.exitCode !== null)
  const [, adminPort = '', port = ''] = started() ?? []
  expect(child.output()).toContain('the node runs')
  const get = (path: string, options: RequestOptions = {}) => ask({ port, path, ...options })
  return { ...child, adminPort, port, get }
}

interface Answer {
  readonly status: number | undefined
  readonly body: string
  /** What ended the connection where there was no answer. */
  readonly failure?: string
}

function ask(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve) => {
    const asked = request(
      {
        host: '127.0.0.1',
        servername: 'localhost',
        ca: trust.serverCa.certificate,
        agent: false,
        ...options,
      },
      (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => resolve({ status: response.statusCode, body }))
      },
    )
    asked.on('error', (error) =>
      resolve({ status: undefined, body: '', failure: 'code' in error ? String(error.code) : error.message }),
    )
    asked.end()
  })
}

const shown = ({ chain, key }: KeyAndCertificate): RequestOptions => ({ cert: chain, key })

beforeAll(async () => {
  trust = await createTrust()
})
beforeEach(async () => {
  folder = await temporaryFolder(end)
  upstream = await startTrustingUpstream(trust, end)
})
afterEach(() => end.closeAll())

// Each starts processes, which takes its time on a machine that does much else.
describe('a folder of zero-trust documents, served by the real process', { timeout: 120_000 }, () => {
  it('lets a client with an allowed SPIFFE id through to an upstream that verifies the gateway', async () => {
    await write('inbound.yaml', inboundDocuments(trust, anyPort, upstream))
    await write('outbound.yaml', outboundSecrets(trust))
    await write('monitoring.yaml', monitoring)
    await write('certificates.yaml', renewal)
    await write('network.yaml', admission)
    const node = await serve()
    const phone = await trust.clientCa.issue({ names: [`uri:${spiffe.phone}`], usage: 'client' })
    const answer = await node.get('/trips?of=me', shown(phone))
    expect(answer.failure).toBeUndefined()
    expect(JSON.parse(answer.body)).toMatchObject({ url: '/trips?of=me', client: 'CN=travel-gateway' })
    for (const name of [
      'Certificate travel/bookings-server-cert',
      'NetworkPolicy travel/nothing-by-default',
      'NetworkPolicy travel/gateway-egress',
    ])
      expect(node.output()).toContain(`${name} is recognised`)
    expect(node.output()).toContain('cert-manager does not take 90d; write 2160h')
    const shownByAdmin = await (await fetch(`http://127.0.0.1:${node.adminPort}/config`)).text()
    expect(shownByAdmin).toContain('api:travel/bookings-api')
    for (const text of [shownByAdmin, node.output()]) expect(text).not.toContain('PRIVATE KEY')
  })

  it('refuses no certificate, another name, another CA and an expired one, and says which in its log', async () => {
    await write('inbound.yaml', inboundDocuments(trust, anyPort, upstream))
    await write('outbound.yaml', outboundSecrets(trust))
    const node = await serve()
    const day = 86_400_000
    const clients: [string, RequestOptions][] = [
      ['client_cert_missing', {}],
      [
        'client_cert_san_not_allowed',
        shown(await trust.clientCa.issue({ names: [`uri:${spiffe.stranger}`], usage: 'client' })),
      ],
      [
        'client_cert_untrusted_issuer',
        shown(await trust.serverCa.issue({ names: [`uri:${spiffe.phone}`], usage: 'client' })),
      ],
      [
        'client_cert_expired',
        shown(
          await trust.clientCa.issue({
            names: [`uri:${spiffe.phone}`],
            usage: 'client',
            notBefore: new Date(Date.now() - 2 * day),
            notAfter: new Date(Date.now() - day),
          }),
        ),
      ],
    ]
    for (const [code, options] of clients) {
      const answer = await node.get('/trips', options)
      expect([code, answer.status === 200]).toEqual([code, false])
      await until(`${code} in the log`, () => node.output().includes(code))
    }
  })

  it('serves the instance that is about the way out alone, with a warning where it has no certificate', async () => {
    await write('outbound.yaml', `${outboundInstance(anyPort, upstream)}---\n${outboundSecrets(trust)}`)
    const node = await serve()
    expect((await node.get('/')).failure).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
    const answer = await node.get('/', { rejectUnauthorized: false })
    expect(JSON.parse(answer.body)).toMatchObject({
      client: 'CN=travel-gateway',
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
    })
    expect(node.output()).toContain('https without a certificate')
    expect(node.output()).toContain('all of these suites are of TLS 1.3')
  })

  it('opens another port for https than the documents say, where it is told to', async () => {
    await write(
      'outbound.yaml',
      `${outboundInstance('https://127.0.0.1:1', upstream)}---\n${outboundSecrets(trust)}`,
    )
    const node = await serve('--https-port', '0')
    expect((await node.get('/', { rejectUnauthorized: false })).status).toBe(200)
  })

  it('takes a renewed certificate from its Secret while it serves, and keeps to the old one while the new is wrong', async () => {
    await write('inbound.yaml', inboundDocuments(trust, anyPort, upstream))
    await write('outbound.yaml', outboundSecrets(trust))
    const node = await serve()
    const phone = shown(await trust.clientCa.issue({ names: [`uri:${spiffe.phone}`], usage: 'client' }))
    expect((await node.get('/', phone)).status).toBe(200)
    const renewed = {
      ...trust,
      server: await trust.upstreamCa.issue({ names: ['dns:localhost'], usage: 'server' }),
    }
    await write(
      'inbound.yaml',
      inboundDocuments(
        { ...renewed, server: { ...renewed.server, key: trust.server.key } },
        anyPort,
        upstream,
      ),
    )
    await until('the refusal', () => node.output().includes('local.refused'))
    expect((await node.get('/', phone)).status).toBe(200)
    await write('inbound.yaml', inboundDocuments(renewed, anyPort, upstream))
    const byNewCa = { ...phone, ca: trust.upstreamCa.certificate }
    await until('the new certificate shown', async () => (await node.get('/', byNewCa)).status === 200)
  })

  it('refuses both instances on one port with both names, and serves neither', async () => {
    await write('inbound.yaml', inboundDocuments(trust, 'https://0.0.0.0:8443', upstream))
    await write(
      'outbound.yaml',
      `${outboundInstance('https://0.0.0.0:8443', upstream)}---\n${outboundSecrets(trust)}`,
    )
    const clash =
      'outbound.yaml:7:12: bookings-api-outbound and bookings-api both answer at / on the listener 0.0.0.0:8443; bookings-api is at inbound.yaml:2 (/spec/address)\n'
    const checked = run('--validate')
    expect(await checked.exit).toBe(1)
    expect(checked.output()).toBe(clash)
    const served = run('--admin-port', '0')
    expect(await served.exit).toBe(1)
    expect(served.output()).toContain(clash.trim())
  })

  it('says that a right folder is right, with its warnings and with what it recognises', async () => {
    await write('inbound.yaml', inboundDocuments(trust, 'https://0.0.0.0:8443', upstream))
    await write('outbound.yaml', outboundSecrets(trust))
    await write('monitoring.yaml', monitoring)
    await write('certificates.yaml', renewal)
    const checked = run('--validate')
    expect(await checked.exit).toBe(0)
    expect(checked.output().split('\n')).toEqual([
      'warning: certificates.yaml:8:13: cert-manager does not take 90d; write 2160h (/spec/duration)',
      'warning: certificates.yaml:9:16: cert-manager does not take 30d; write 720h (/spec/renewBefore)',
      'note: certificates.yaml:1:1: Certificate travel/bookings-server-cert is recognised; the gateway has nothing to do for it',
      'note: certificates.yaml:23:1: Certificate travel/backend-client-cert is recognised; the gateway has nothing to do for it',
      `${folder} is right: 3 items`,
      '',
    ])
  })

  it('warns of certificates that have expired, and of what a policy needs and does not have', async () => {
    const day = 86_400_000
    const dates = { notBefore: new Date(Date.now() - 9 * day), notAfter: new Date(Date.now() - day) }
    const expired = await trust.serverCa.issue({ subject: 'CN=old', usage: 'server', ...dates })
    await write(
      'inbound.yaml',
      inboundDocuments({ ...trust, server: expired }, 'https://0.0.0.0:8443', upstream),
    )
    await write('outbound.yaml', outboundSecrets(trust))
    await write('monitoring.yaml', monitoring)
    const checked = run('--validate')
    expect(await checked.exit).toBe(0)
    expect(checked.output()).toMatch(
      /^warning: bookings-api, tls-certificate-monitoring: certificate_expired .*CN=old/,
    )
    expect(checked.output()).toMatch(
      /^warning: bookings-api: the certificate of the API \(CN=old\) expired on \d{4}-\d\d-\d\d$/m,
    )
    const shared = (address: string) => `---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata: { name: limit, namespace: travel }
spec:
  targetRef: { name: bookings-api }
  policyRef: { name: rate-limiting }
  config: { clusterizable: true, rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] }
${address}`
    await write('limit.yaml', shared(''))
    const alone = run('--validate')
    expect(await alone.exit).toBe(1)
    expect(alone.output()).toMatch(/^limit\.yaml:\d+:\d+: counting across nodes .* needs a shared store/)
    await write(
      'limit.yaml',
      shared(`---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: Configuration
metadata: { name: node }
spec: { sharedStorage: { redis: { address: "cache.internal:6379" } } }
`),
    )
    expect(await run('--validate').exit).toBe(0)
  })

  it('refuses a key that is not the one of its certificate, where it stands', async () => {
    const wrong = { ...trust, server: { ...trust.server, key: trust.upstream.key } }
    await write('inbound.yaml', inboundDocuments(wrong, 'https://0.0.0.0:8443', upstream))
    await write('outbound.yaml', outboundSecrets(trust))
    const checked = run('--validate')
    expect(await checked.exit).toBe(1)
    expect(checked.output()).toMatch(/^inbound\.yaml:18:5: .*(?:key|certificate).* \(\/spec\/tls\)\n$/)
  })
})
