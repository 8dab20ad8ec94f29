import { expect, it } from 'vitest'
import { apiItem, item, upstreamNames } from './items.ts'
import { canonicalJson } from './manifest.ts'

/** As it was published before a policy could be for one upstream. */
const before = {
  kind: 'api',
  id: 'api:orders',
  name: 'Orders',
  version: 'v1',
  host: '*',
  basePath: '/orders',
  stripBasePath: true,
  upstream: 'upstream:orders',
  destinations: { bills: 'upstream:orders:bills' },
  policies: [
    {
      id: 'p1',
      kind: 'tls-outbound',
      policyVersion: '1.0.0',
      label: '',
      order: 0,
      config: { serverName: 'orders.example' },
      dryRun: false,
      rules: [],
      automated: true,
    },
  ],
}

it('an item of an earlier version is taken as it was, letter for letter', () => {
  expect(canonicalJson(item.parse(before))).toBe(canonicalJson(before))
})

it('a member that is not known here is refused where it stands, as an earlier version refuses a later one', () => {
  const [first] = before.policies
  const later = { ...before, policies: [{ ...first, fromTheFuture: ['upstream:orders'] }] }
  expect(item.safeParse(later).error?.issues).toMatchObject([
    { code: 'unrecognized_keys', keys: ['fromTheFuture'], path: ['policies', 0] },
  ])
})

it('names no upstreams where a policy is for all of them: an empty list says nothing and is refused', () => {
  const [first] = before.policies
  const parsed = item.safeParse({ ...before, policies: [{ ...first, upstreams: [] }] })
  expect(parsed.error?.issues).toMatchObject([{ path: ['policies', 0, 'upstreams'] }])
})

it('upstreams are called by the names of destinations, and the other one main', () => {
  const api = apiItem.parse(before)
  expect([...upstreamNames(api)]).toEqual([
    ['upstream:orders', 'main'],
    ['upstream:orders:bills', 'bills'],
  ])
  const same = { ...api, destinations: { all: 'upstream:orders' } }
  expect([...upstreamNames(same)]).toEqual([['upstream:orders', 'all']])
})
