import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Item } from '#contract/items.ts'
import { maskedItem } from './admin.ts'
import { Planner } from './plan.ts'
import { upstreamsOf } from './plan-figures.ts'
import { peerFactsIn } from './serve/peers.ts'
import { type Authority, createAuthority, type KeyAndCertificate } from './testing/certificates.ts'
import { contentsOf, startServing } from './testing/data-plane.ts'
import { oneApi, policy } from './testing/publisher.ts'
import { secureApi, tlsContext as context } from './testing/tls-items.ts'
import { closing, startUpstream, until } from './testing/world.ts'

/** mTLS contexts that APIs take their certificates from, and what happens when they change under load. */

const end = closing()
const host = 'shop.example'
let [first, second]: [Authority?, Authority?] = []
let upstream: string

beforeEach(async () => {
  ;[first, second] = await Promise.all([createAuthority('First CA'), createAuthority('Second CA')])
  upstream = await startUpstream('orders', end)
})
afterEach(() => end.closeAll())

function authorities(): [Authority, Authority] {
  if (first === undefined || second === undefined) throw new Error('made before each test')
  return [first, second]
}

const inbound = policy('tls', { contextRef: 'edge' })

/** Clients that open connections one after another, and others that keep theirs; each asks as fast as it is answered. */
function load(port: number, options: () => ConnectionOptions) {
  const failures: string[] = []
  const served = new Map<string, number>()
  const kept: TLSSocket[] = []
  let isOver = false
  let keptAnswers = 0

  const open = async (): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port, servername: host, ...options() })
    await once(socket, 'secureConnect')
    const shown = socket.getPeerX509Certificate()?.serialNumber.toLowerCase() ?? ''
    served.set(shown, (served.get(shown) ?? 0) + 1)
    return socket
  }
  const ask = async (socket: TLSSocket) => {
    socket.write(`GET /orders/1 HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    if (!bytes.toString('latin1').startsWith('HTTP/1.1 200 ')) throw new Error(bytes.toString('latin1'))
  }
  const anew = async () => {
    while (!isOver) {
      const socket = await open()
      await ask(socket)
      socket.destroy()
    }
  }
  const keeping = async () => {
    const socket = await open()
    kept.push(socket)
    while (!isOver) {
      await ask(socket)
      keptAnswers += 1
    }
    socket.destroy()
  }
  const failed = (error: unknown) => void failures.push(String(error))
  const all = [anew, anew, anew, keeping, keeping, keeping].map((one) => one().catch(failed))
  end.add(() => (isOver = true))
  return {
    failures,
    served,
    keptAnswers: () => keptAnswers,
    handshakes: () => [...served.values()].reduce((sum, count) => sum + count, 0),
    async stop() {
      isOver = true
      await Promise.all(all)
    },
  }
}

describe('a context that changes under load', () => {
  it('shows another leaf, trusts another CA and drops the first, with no handshake failed and no connection cut', async () => {
    const [old, fresh] = authorities()
    const leafOf = (by: Authority) => by.issue({ names: [`dns:${host}`], usage: 'server' })
    const clientOf = (by: Authority) => by.issue({ names: ['uri:spiffe://acme/shop'], usage: 'client' })
    const [leaf, nextLeaf, freshLeaf] = await Promise.all([leafOf(old), leafOf(old), leafOf(fresh)])
    const clients = await Promise.all([clientOf(old), clientOf(fresh)])
    let client = clients[0]
    const plane = await startServing(secureApi(upstream, [inbound], context('edge', [old], leaf)), end)
    const clientsTrust = [old.certificate, fresh.certificate]
    const running = load(plane.port, () => ({ ca: clientsTrust, cert: client.chain, key: client.key }))
    const shows = async ({ serialNumber }: KeyAndCertificate) => {
      const before = running.served.get(serialNumber) ?? 0
      const answers = running.keptAnswers()
      await until('it is shown, and older connections are served', () => {
        if (running.failures.length > 0) throw new Error(running.failures.join('\n'))
        return (running.served.get(serialNumber) ?? 0) > before + 10 && running.keptAnswers() > answers + 10
      })
    }
    const serve = (...wanted: Parameters<typeof context>) =>
      plane.serve(secureApi(upstream, [inbound], context(...wanted)))

    await shows(leaf)
    await serve('edge', [old], nextLeaf)
    await shows(nextLeaf)
    // A CA: both are trusted, then everybody gets certificates of the new one, then the old one goes.
    await serve('edge', [old, fresh], nextLeaf)
    client = clients[1]
    await serve('edge', [old, fresh], freshLeaf)
    await shows(freshLeaf)
    await serve('edge', [fresh], freshLeaf)
    await shows(freshLeaf)
    await running.stop()
    expect(running.failures).toEqual([])
    expect(running.handshakes()).toBeGreaterThan(40)
    const peers = [...(plane.server.figures().routes.get('api:orders')?.peers.keys() ?? [])].map(peerFactsIn)
    const names = [{ type: 'uri', value: 'spiffe://acme/shop' }]
    expect(peers.map(([, , shown, anchor]) => [shown, anchor])).toEqual([
      [names, old.sha256],
      [names, fresh.sha256],
    ])
    // Who comes with the old one now is refused, so the change did happen.
    const late = load(plane.port, () => ({ ca: clientsTrust, cert: clients[0].chain, key: clients[0].key }))
    await until('it is refused', () => late.failures.length === 6)
    expect(late.failures[0]).toContain('client_cert_untrusted')
  })

  it('shows the upstream another certificate, and no request fails', async () => {
    const [old, fresh] = authorities()
    const seen: string[] = []
    const server = createServer(
      {
        ...(await old
          .issue({ names: ['ip:127.0.0.1'], usage: 'server' })
          .then(({ chain, key }) => ({ cert: chain, key }))),
        ca: [old.certificate, fresh.certificate],
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        seen.push((request.socket as TLSSocket).getPeerX509Certificate()?.subject ?? '')
        response.end('{"ok":true}')
      },
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    end.add(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const outbound = policy('tls-outbound', { contextRef: 'provider' })
    const shown = (by: Authority, subject: string) => by.issue({ subject, usage: 'client' })
    const itemsWith = (keystore: KeyAndCertificate) => [
      ...oneApi(url, { policies: [outbound] }),
      context('provider', [old], keystore),
    ]
    const plane = await startServing(itemsWith(await shown(old, 'CN=gateway-1')), end)
    const statuses = new Map<number, number>()
    let isOver = false
    const asking = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const { status } = await fetch(`http://127.0.0.1:${plane.port}/orders/1`)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    })
    await until('the first is shown', () => seen.length > 20)
    await plane.serve(itemsWith(await shown(fresh, 'CN=gateway-2')))
    await until('the second is shown', () => seen.filter((subject) => subject === 'CN=gateway-2').length > 20)
    isOver = true
    await Promise.all(asking)
    expect([...statuses.keys()]).toEqual([200])
    const { plan } = plane.serving
    const pools = plan === undefined ? [] : [...(await upstreamsOf(plan)).values()]
    const peers = pools.flatMap((pool) => [...pool.peers.keys()].map(peerFactsIn))
    const names = [{ type: 'ip', value: '127.0.0.1' }]
    expect(peers.map((peer) => peer.slice(0, 4))).toEqual([
      [expect.any(String), expect.stringContaining('First CA'), names, old.sha256],
    ])
  })
})

describe('a plan', () => {
  it('makes those APIs anew that take something from a context that changed, and no others', async () => {
    const [old, fresh] = authorities()
    const leaf = await old.issue({ names: [`dns:${host}`], usage: 'server' })
    const planner = new Planner({ allowLoopback: true })
    const plain = oneApi('http://upstream.example', { basePath: '/plain' })
      .slice(2)
      .map((item) => ({ ...item, id: 'api:plain' }) as Item)
    const routes = async (trusted: readonly Authority[]) => {
      const items = secureApi('http://upstream.example', [inbound], context('edge', trusted, leaf), ...plain)
      const http: Item = { kind: 'listener', id: 'listener:x', protocol: 'http', address: '::1', port: 0 }
      const built = await planner.build(contentsOf([...items, http]))
      if (!built.ok) throw new Error(JSON.stringify(built.reasons))
      built.draft.commit()
      return built.draft.plan.routes
    }
    const [secure, other] = await routes([old])
    const [again, otherAgain] = await routes([old])
    expect([again, otherAgain]).toEqual([secure, other])
    expect(again).toBe(secure)
    const [changed, untouched] = await routes([old, fresh])
    expect(changed).not.toBe(secure)
    expect(changed?.upstream).toBe(secure?.upstream)
    expect(untouched).toBe(other)
  })

  it.each([
    [
      'without a certificate',
      (by: Authority) => [context('edge', [by])],
      'has no certificate to show to clients',
    ],
    ['that is not there', () => [], 'there is no mTLS context edge here'],
  ])('is refused with a context %s, at the policy that names it', async (_, contexts, reason) => {
    const [by] = authorities()
    const built = await new Planner({ allowLoopback: true }).build(
      contentsOf(secureApi(upstream, [inbound], ...contexts(by))),
    )
    expect(built).toMatchObject({
      ok: false,
      reasons: [
        {
          pointer: '/items/api:orders/policies/0/config/contextRef',
          reason: expect.stringContaining(reason) as string,
        },
      ],
    })
  })

  it('is shown on the admin port without the key', async () => {
    const [by] = authorities()
    const leaf = await by.issue()
    const text = JSON.stringify(maskedItem(context('edge', [by], leaf)))
    expect(text).toContain('BEGIN CERTIFICATE')
    expect(text).not.toContain('PRIVATE KEY')
  })
})
