import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ApiItem, AttachedPolicy, Item } from '#contract/items.ts'
import { Planner } from './plan.ts'
import { type Authority, createAuthority, type KeyAndCertificate } from './testing/certificates.ts'
import { contentsOf, serveItems } from './testing/data-plane.ts'
import { oneApi, policy } from './testing/publisher.ts'
import { closing, startUpstream } from './testing/world.ts'

/** Policies for one of an API's upstreams, before real ones that differ in whom they trust. */

const whole = closing()
const end = closing()

/** A provider with a CA of its own for servers, and another for those who may call. */
interface Provider {
  readonly url: string
  readonly servers: Authority
  readonly gateway: KeyAndCertificate
  /** Whether it keeps callers waiting. */
  isSlow: boolean
}

let orders: Provider
let bills: Provider

async function startProvider(name: string): Promise<Provider> {
  const [servers, clients] = await Promise.all([createAuthority(name), createAuthority(`${name} clients`)])
  const own = await servers.issue({ names: ['ip:127.0.0.1'], usage: 'server' })
  const gateway = await clients.issue({ subject: `CN=gateway-at-${name}`, usage: 'client' })
  const tls = { cert: own.chain, key: own.key, ca: clients.certificate, requestCert: true }
  const server = createServer(tls, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerX509Certificate() ?? {}
    if (!provider.isSlow) response.end(JSON.stringify({ name, client: subject }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  whole.add(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = { url, servers, gateway, isSlow: false }
  return provider
}

beforeAll(async () => {
  ;[orders, bills] = await Promise.all([startProvider('orders'), startProvider('bills')])
})
afterEach(() => end.closeAll())
afterAll(() => whole.closeAll())

/** An API whose requests below /bills go to a destination of that name. */
function api(policies: readonly AttachedPolicy[], urls = [orders.url, bills.url]): Item[] {
  const [main = '', other = ''] = urls
  const toBills = {
    ...policy('route', { destinationRef: { name: 'bills' } }),
    rules: [{ path: '/bills(?:/.*)?' }],
  }
  return oneApi(main, { policies: inOrder([toBills, ...policies]) }).flatMap((item): Item[] => {
    if (item.kind === 'upstream')
      return [item, { ...item, id: 'upstream:bills', endpoints: [{ url: other }] }]
    return item.kind === 'api' ? [{ ...item, destinations: { bills: 'upstream:bills' } }] : [item]
  })
}

function inOrder(policies: readonly AttachedPolicy[]): ApiItem['policies'] {
  return policies.map((one, order) => ({ ...one, id: `p${order}`, order }))
}

function tlsTo({ servers, gateway }: Provider, more: object = {}): AttachedPolicy {
  return policy('tls-outbound', {
    trustedCA: servers.certificate,
    certificate: { crt: gateway.chain, key: gateway.key },
    ...more,
  })
}

const forOrders = (one: AttachedPolicy) => ({ ...one, upstreams: ['upstream:orders'] })
const forBills = (one: AttachedPolicy) => ({ ...one, upstreams: ['upstream:bills'] })

async function ask(port: number, path: string) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) }
}

describe('TLS for one upstream', () => {
  it('has CAs and a client certificate of its own for each', async () => {
    const port = await serveItems(api([forOrders(tlsTo(orders)), forBills(tlsTo(bills))]), end)
    expect(await ask(port, '/orders/1')).toEqual({
      status: 200,
      name: 'orders',
      client: 'CN=gateway-at-orders',
    })
    expect(await ask(port, '/orders/bills/1')).toEqual({
      status: 200,
      name: 'bills',
      client: 'CN=gateway-at-bills',
    })
  })

  it('shows its certificate to nobody else, and trusts nobody else by its CAs', async () => {
    const port = await serveItems(api([forBills(tlsTo(bills))]), end)
    expect((await ask(port, '/orders/bills/1')).status).toBe(200)
    expect(await ask(port, '/orders/1')).toMatchObject({ status: 502, code: 'upstream_tls_untrusted' })
    const swapped = await serveItems(
      api([forOrders(tlsTo(bills, { trustedCA: orders.servers.certificate })), forBills(tlsTo(orders))]),
      end,
    )
    // A Node server ends the connection of a client that it does not trust, without an alert.
    expect((await ask(swapped, '/orders/1')).status).toBe(502)
    expect(await ask(swapped, '/orders/bills/1')).toMatchObject({
      status: 502,
      code: 'upstream_tls_untrusted',
    })
  })

  it('stands beside an upstream without any', async () => {
    const plain = await startUpstream('plain', end)
    const port = await serveItems(api([forBills(tlsTo(bills))], [plain, bills.url]), end)
    expect(await ask(port, '/orders/1')).toMatchObject({ status: 200, name: 'plain' })
    expect(await ask(port, '/orders/bills/1')).toMatchObject({ status: 200, name: 'bills' })
  })
})

describe('other settings for one upstream', () => {
  it('leave the others as they are', async () => {
    const tls = [forOrders(tlsTo(orders)), forBills(tlsTo(bills))]
    const quick = policy('response-timeout', { timeout: 0.2 })
    const port = await serveItems(api([...tls, forBills(quick)]), end)
    bills.isSlow = true
    whole.add(() => (bills.isSlow = false))
    expect(await ask(port, '/orders/bills/1')).toMatchObject({ status: 504 })
    expect(await ask(port, '/orders/1')).toMatchObject({ status: 200 })
    bills.isSlow = false
  })
})

describe('a plan refuses', () => {
  const reasonsFor = async (policies: readonly AttachedPolicy[]) => {
    const built = await new Planner({ allowLoopback: true }).build(contentsOf(api(policies)))
    if (built.ok) built.draft.discard()
    return built.ok ? [] : built.reasons
  }
  const at = '/items/api:orders/policies'

  it('a policy for an upstream that the API does not have', async () => {
    expect(await reasonsFor([{ ...tlsTo(orders), upstreams: ['upstream:bills', 'upstream:gone'] }])).toEqual([
      { pointer: `${at}/1/upstreams/1`, reason: 'the API has no upstream upstream:gone' },
    ])
  })

  it('two policies that say the same of one upstream', async () => {
    expect(await reasonsFor([forBills(tlsTo(bills)), tlsTo(orders)])).toEqual([
      { pointer: `${at}/2/config`, reason: 'another policy of the chain already sets tls for bills' },
    ])
  })

  it('a policy about requests for one upstream', async () => {
    const limit = policy('request-size-limit', { maxBodyBytes: 1 })
    expect(await reasonsFor([forBills(limit)])).toEqual([
      {
        pointer: `${at}/1/upstreams`,
        reason: 'request-size-limit is not about upstreams and cannot be for some of them',
      },
    ])
  })
})
