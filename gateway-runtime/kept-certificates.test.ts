import { createPublicKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Item } from '#contract/items.ts'
import { type KeptOrder, keepsCertificates } from '#contract/kept-certificates.ts'
import { type Authority, createAuthority } from './testing/certificates.ts'
import { TestPortal } from './testing/portal.ts'
import { runGateway } from './testing/process.ts'
import { oneApi, policy, Publisher } from './testing/publisher.ts'
import { signRequest } from './testing/sign-request.ts'
import { closing, startUpstream, temporaryFolder, until } from './testing/world.ts'

/** Certificates whose keys a node makes itself: a real process, TLS, and a portal that speaks the contract. */

const end = closing()
const host = 'shop.example'
const certificateId = '0190a1b2-0000-7000-8000-0000000000ce'
const dayMs = 86_400_000
let portal: TestPortal
let authority: Authority
let items: Item[]
let data: string

const order = (more: Partial<KeptOrder> = {}): KeptOrder => ({
  certificateId,
  name: 'Shop',
  commonName: host,
  names: [{ type: 'dns', value: host }],
  renewBeforeDays: 30,
  generation: 1,
  chain: null,
  ...more,
})

beforeEach(async () => {
  portal = new TestPortal(new Publisher())
  await portal.start()
  end.add(() => portal.stop())
  authority = await createAuthority('Test CA')
  data = await temporaryFolder(end)
  const upstream = await startUpstream('orders', end)
  const tls = { ...policy('tls', { contextRef: 'edge', mode: 'DISABLE' }), order: 0 }
  items = [
    ...oneApi(upstream, { policies: [tls] }).map((item) =>
      item.kind === 'listener' ? { ...item, protocol: 'https' as const } : item,
    ),
    {
      kind: 'tls-context',
      id: 'tls-context:edge',
      name: 'Edge',
      trustedCa: authority.certificate,
      kept: { certificateId, gatewayId: portal.publisher.gatewayId },
    },
  ]
})
afterEach(() => end.closeAll())

const signs = (lifetimeMs = 90 * dayMs) => {
  portal.sign = async ({ csr }) => ({
    status: 'signed',
    chain: await signRequest(authority, csr, lifetimeMs),
  })
}

async function startNode() {
  const node = runGateway(
    [
      '--data',
      data,
      '--https-port',
      '0',
      '--admin-port',
      '0',
      '--workers',
      '1',
      '--allow-loopback-upstreams',
    ],
    {
      HEXGATE_PORTAL: portal.url,
      HEXGATE_GATEWAY_KEY: 'hgk_test',
      HEXGATE_DRAIN_MS: '1000',
      HEXGATE_DRAIN_GRACE_MS: '0',
    },
    end,
  )
  const adminPort = () => /"adminPort":(\d+)/.exec(node.output())?.[1]
  await until('the node started', () => adminPort() ?? node.process.exitCode !== null)
  const admin = `http://127.0.0.1:${adminPort()}`
  const ready = async () => {
    await until('the node ready', async () => (await fetch(`${admin}/ready`)).ok)
    const { ports } = (await (await fetch(`${admin}/config`)).json()) as { ports: number[] }
    return ports[0] ?? 0
  }
  return { ...node, admin, ready }
}

/** Shakes hands as a client that trusts the CA alone; what it was shown. */
async function shown(port: number): Promise<X509Certificate> {
  const socket = connect({ host: '127.0.0.1', port, servername: host, ca: authority.certificate })
  try {
    await once(socket, 'secureConnect')
    const certificate = socket.getPeerX509Certificate()
    if (certificate === undefined) throw new Error('no certificate was shown')
    return certificate
  } finally {
    socket.destroy()
  }
}

const keyIn = (pem: string | X509Certificate) =>
  (typeof pem === 'string' ? createPublicKey(pem) : pem.publicKey).export({ type: 'spki', format: 'der' })

/** Every byte that a node keeps. */
async function kept(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Buffer.concat(await Promise.all(files.map((file) => readFile(file))))
}

// Each starts processes, which takes its time on a machine that does much else.
describe('a certificate that a node keeps', { timeout: 120_000 }, () => {
  it('is shown with a key that the node made, and that neither the wire nor the disk has in the open', async () => {
    signs()
    portal.orders = [order()]
    portal.publish(1, items)
    const node = await startNode()
    const port = await node.ready()
    expect(portal.hellos[0]?.capabilities).toContain(keepsCertificates)
    const certificate = await shown(port)
    expect(certificate.subjectAltName).toBe(`DNS:${host}`)
    expect(portal.requests).toHaveLength(1)
    expect(portal.requests[0]?.csr).toContain('BEGIN CERTIFICATE REQUEST')
    const told = JSON.stringify([portal.requests, portal.reports, portal.events, portal.hellos])
    expect(told + node.output()).not.toContain('PRIVATE KEY')
    expect((await kept(data)).includes('PRIVATE KEY')).toBe(false)
    const configuration = await (await fetch(`${node.admin}/config`)).text()
    expect(configuration).not.toContain('PRIVATE KEY')
    await until('the report of what is shown', () =>
      portal.reports.some(({ certificates = [] }) =>
        certificates.some(
          ({ sha256 }) => sha256 === certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        ),
      ),
    )
  })

  it('is renewed before its end with another key, and no handshake fails meanwhile', async () => {
    signs(9_000)
    portal.orders = [order()]
    portal.publish(1, items)
    const node = await startNode()
    const port = await node.ready()
    const keys = new Map<string, number>()
    const failures: unknown[] = []
    let isOver = false
    const clients = [1, 2, 3].map(async () => {
      while (!isOver) {
        const key = await shown(port).then(
          (seen) => keyIn(seen).toString('hex'),
          (error) => failures.push(error),
        )
        if (typeof key === 'string') keys.set(key, (keys.get(key) ?? 0) + 1)
        // The machine has other work than handshakes.
        await delay(25)
      }
    })
    // The newest key may have been shown to one client by the time that they stop, so that it does not count.
    const lasting = () => [...keys.values()].filter((times) => times > 1).length
    await until('two renewals shown', () => lasting() >= 3 || failures.length > 0, 60_000)
    isOver = true
    await Promise.all(clients)
    expect(failures, node.output()).toEqual([])
    expect(lasting()).toBeGreaterThanOrEqual(3)
  })

  it('is renewed at once when the portal asks for another key', async () => {
    signs()
    portal.orders = [order()]
    portal.publish(1, items)
    const port = await (await startNode()).ready()
    const before = await shown(port)
    await portal.order([order({ generation: 2 })])
    await until('another key shown', async () => !keyIn(await shown(port)).equals(keyIn(before)))
    expect(portal.requests).toHaveLength(2)
    await portal.order([order({ generation: 2 })])
    expect(portal.requests).toHaveLength(2)
  })

  it('that is signed elsewhere is waited for: a configuration that shows it is refused with the reason till then', async () => {
    portal.orders = [order()]
    portal.publish(1, items)
    const node = await startNode()
    await until('the refusal', () => portal.acknowledgements.length === 1)
    expect(portal.acknowledgements[0]).toMatchObject({
      status: 'refused',
      reasons: [
        { pointer: '/items/tls-context:edge/kept', reason: expect.stringContaining('waits to be signed') },
      ],
    })
    const chain = await signRequest(authority, portal.requests[0]?.csr ?? '', 90 * dayMs)
    expect(await portal.order([order({ chain })])).toEqual([{ faults: [] }])
    portal.publish(1, items)
    expect((await shown(await node.ready())).toString()).toBe(new X509Certificate(chain).toString())
  })

  it('for another key than its own is not taken', async () => {
    signs()
    portal.orders = [order()]
    portal.publish(1, items)
    const port = await (await startNode()).ready()
    const before = await shown(port)
    portal.sign = async () => ({ status: 'signed', chain: authority.certificate })
    const stranger = await authority.issue({ names: [`dns:${host}`], usage: 'server' })
    await portal.order([order({ generation: 2, chain: stranger.chain })])
    expect((await shown(port)).serialNumber).toBe(before.serialNumber)
  })

  it('is shown again after kill -9 while the portal is away', async () => {
    signs()
    portal.orders = [order()]
    portal.publish(1, items)
    const first = await startNode()
    const before = await shown(await first.ready())
    await until('the acknowledgement', () => portal.acknowledgements.length === 1)
    await portal.stop()
    first.process.kill('SIGKILL')
    await first.exit
    const second = await startNode()
    expect((await shown(await second.ready())).serialNumber).toBe(before.serialNumber)
  })

  it('whose key was lost with the store is asked for anew, with another key', async () => {
    signs()
    portal.orders = [order()]
    portal.publish(1, items)
    const first = await startNode()
    const before = await shown(await first.ready())
    await until('the acknowledgement', () => portal.acknowledgements.length === 1)
    first.process.kill('SIGKILL')
    await first.exit
    await rm(join(data, 'certificates.sealed'))
    portal.orders = [order({ chain: before.toString() })]
    const second = await startNode()
    await until('the other request', () => portal.requests.length === 2)
    const port = await second.ready()
    expect(keyIn(await shown(port)).equals(keyIn(before))).toBe(false)
  })

  it('is another one on each node', async () => {
    signs()
    portal.orders = [order()]
    portal.publish(1, items)
    const first = await startNode()
    const shownFirst = await shown(await first.ready())
    data = await temporaryFolder(end)
    const second = await startNode()
    const shownSecond = await shown(await second.ready())
    expect(keyIn(shownSecond).equals(keyIn(shownFirst))).toBe(false)
    expect(new Set(portal.requests.map(({ csr }) => csr)).size).toBe(2)
  })

  it('that is refused is said with the reason, and what is shown stays', async () => {
    signs()
    portal.orders = [order()]
    portal.publish(1, items)
    const port = await (await startNode()).ready()
    const before = await shown(port)
    portal.sign = async () => ({ status: 'refused', reason: 'nobody asked for shop.example' })
    const [answer] = await portal.order([order({ generation: 2 })])
    expect(answer).toEqual({ faults: [{ certificateId, reason: 'nobody asked for shop.example' }] })
    await until('the report', () =>
      portal.reports.some(({ problems }) =>
        problems.includes('certificate Shop: nobody asked for shop.example'),
      ),
    )
    expect((await shown(port)).serialNumber).toBe(before.serialNumber)
  })
})
