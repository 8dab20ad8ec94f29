import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkOfFault } from '#domain/handshake.ts'
import { simulateHandshake } from '#tls/simulate.ts'
import type { KeyAndCertificate } from '../../testing/certificates.ts'
import {
  type ClientCertificates,
  clientCertificates,
  clientCertificateTable,
  type Host,
} from '../../testing/client-certificates.ts'
import { closing, temporaryFolder } from '../../testing/world.ts'
import { codeOf, ScriptedUpstream, statusOf } from '../wire-fixture.ts'
import { askOver, clientOptions, get, startTlsGateway, type TlsGateway, tlsRoute } from './tls-fixture.ts'

/** The table of client certificates, shown by Node, by `openssl s_client` and by curl, and to the simulator. */

let made: ClientCertificates
let upstream: ScriptedUpstream
let gateway: TlsGateway
let folder: string
const end = closing()

const untrusted = 'client_cert_untrusted_issuer'
const notAllowed = 'client_cert_san_not_allowed'

beforeAll(async () => {
  made = await clientCertificates()
  upstream = await new ScriptedUpstream().start()
  gateway = await startTlsGateway({
    upstreamPort: upstream.port,
    routes: (pool) =>
      Object.entries(made.settings).map(([host, one]) => tlsRoute(pool, `${host}.gate.example`, one)),
  })
  folder = await temporaryFolder(end)
  await writeFile(join(folder, 'ca.pem'), made.servers.certificate)
})

afterAll(async () => {
  await gateway.stop()
  upstream.stop()
  await end.closeAll()
})

describe('a client of Node that shows', () => {
  it.each(clientCertificateTable)('%s', async (...row) => {
    const [, , host, meets] = row
    const certificate = made.of(row)
    const name = `${host}.gate.example`
    const before = gateway.count(meets === 200 ? 'ok' : meets)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      upstream.seen = ''
      const options = clientOptions(gateway.port, made.servers, name, certificate, {
        minVersion: version,
        maxVersion: version,
        // The client itself would not use weak keys otherwise.
        ciphers: 'DEFAULT@SECLEVEL=0',
      })
      const { text, error } = await askOver(options, get(name))
      expect(error).toBeUndefined()
      expect(meets === 200 ? statusOf(text) : codeOf(text), `${version}: ${text}`).toBe(meets)
      if (meets === 200) continue
      expect(statusOf(text)).toBe(401)
      expect(text).toContain('Connection: close')
      expect(upstream.seen).toBe('')
      expect(gateway.entries.at(-1)).toMatchObject({ status: 401, code: meets })
    }
    expect(gateway.count(meets === 200 ? 'ok' : meets)).toBe(before + 2)
  })
})

describe('the simulator, shown', () => {
  it.each(clientCertificateTable)('%s, says what the node says, and at which check', async (...row) => {
    const [, , host, meets] = row
    const said = await simulateHandshake(made.settings[host], made.of(row)?.chain, Date.now())
    expect(said.code ?? 200, JSON.stringify(said)).toBe(meets)
    expect(said.verdict).toBe(meets === 200 ? 'accepted' : 'refused')
    const failed = said.checks.filter(({ state }) => state === 'failed')
    if (said.code === null) expect(failed).toEqual([])
    else expect(failed.filter(({ decides }) => decides)).toMatchObject([{ check: checkOfFault[said.code] }])
    expect(
      said.checks.every(({ detail }) => /^[A-Z].*\.$/.test(detail)),
      JSON.stringify(said.checks),
    ).toBe(true)
  })
})

describe('a chain of 110 certificates', () => {
  it('is refused, and the next client is served', async () => {
    let authority = made.root
    for (let depth = 0; depth < 110; depth++) authority = await authority.intermediate(`Below ${depth}`)
    const name = 'strict.gate.example'
    const long = clientOptions(gateway.port, made.servers, name, await authority.issue())
    expect(statusOf((await askOver(long, get(name))).text)).not.toBe(200)
    const next = clientOptions(gateway.port, made.servers, name, made.shown['good'])
    expect(statusOf((await askOver(next, get(name))).text)).toBe(200)
  })
})

describe('a key that does not belong to the certificate', () => {
  it('is no handshake at all', async () => {
    const name = 'strict.gate.example'
    const [certificate, key] = [made.shown['good']?.chain ?? '', made.shown['p384']?.key ?? '']
    expect(() => clientOptions(gateway.port, made.servers, name, { chain: certificate, key })).not.toThrow()
    await expect(
      (async () =>
        askOver(clientOptions(gateway.port, made.servers, name, { chain: certificate, key }), get(name)))(),
    ).rejects.toThrow(/key values mismatch/)
  })
})

const run = promisify(execFile)

async function filesOf(name: string, one: KeyAndCertificate): Promise<{ chain: string; key: string }> {
  const chain = join(folder, `${name}.pem`)
  const key = join(folder, `${name}.key`)
  await writeFile(chain, one.chain)
  await writeFile(key, one.key)
  return { chain, key }
}

const some: [name: string, host: Host, meets: string][] = [
  ['good', 'strict', '200'],
  ['below', 'strict', '200'],
  ['expired', 'strict', 'client_cert_expired'],
  ['other-ca', 'strict', untrusted],
  ['self-signed', 'strict', untrusted],
  ['server-only', 'strict', 'client_cert_wrong_usage'],
  ['revoked', 'revoking', 'client_cert_revoked'],
  ['cn-only', 'names', notAllowed],
  ['spiffe-below', 'names', '200'],
]

describe.each([
  ['TLSv1.2', '--tls-max 1.2', '-tls1_2'],
  ['TLSv1.3', '--tlsv1.3', '-tls1_3'],
])('over %s', (_version, curlVersion, opensslVersion) => {
  it.each(some)('curl with %s meets at %s: %s', async (name, host, meets) => {
    const one = made.shown[name]
    if (one === undefined) throw new Error(`there is no ${name}`)
    const { chain, key } = await filesOf(`curl-${name}`, one)
    const { stdout } = await run('curl', [
      '--silent',
      '--noproxy',
      '*',
      ...curlVersion.split(' '),
      '--cacert',
      join(folder, 'ca.pem'),
      '--cert',
      chain,
      '--key',
      key,
      '--resolve',
      `${host}.gate.example:${gateway.port}:127.0.0.1`,
      '--write-out',
      '\n%{http_code}',
      `https://${host}.gate.example:${gateway.port}/`,
    ])
    expect(stdout.endsWith('\n200') ? '200' : codeOf(stdout)).toBe(meets)
    if (meets !== '200') expect(stdout).toMatch(/\n401$/)
  })

  it.each(some)('openssl s_client with %s meets at %s: %s', async (name, host, meets) => {
    const one = made.shown[name]
    if (one === undefined) throw new Error(`there is no ${name}`)
    const { chain, key } = await filesOf(`openssl-${name}`, one)
    const started = run('openssl', [
      's_client',
      '-quiet',
      '-connect',
      `127.0.0.1:${gateway.port}`,
      '-servername',
      `${host}.gate.example`,
      '-CAfile',
      join(folder, 'ca.pem'),
      '-verify_return_error',
      opensslVersion,
      '-cert',
      chain,
      '-cert_chain',
      chain,
      '-key',
      key,
    ])
    started.child.stdin?.write(get(`${host}.gate.example`, '/', 'Connection: close'))
    const { stdout } = await started
    expect(statusOf(stdout) === 200 ? '200' : codeOf(stdout)).toBe(meets)
  })
})
