import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from './exchange-in-memory.ts'
import { ipAllowlist } from './ip-allowlist/policy.ts'
import { ipBlocklist } from './ip-blocklist/policy.ts'
import { compileIpSet } from './ip-set.ts'

function ask(
  policy: typeof ipAllowlist,
  config: object,
  remoteAddress: string,
  headers: Record<string, string | string[]> = {},
) {
  const prepared = policy.prepare(policy.config.parse(config), portsInMemory())
  const exchange = () => new ExchangeInMemory({ remoteAddress, headers })
  const refusals = [prepared.onRequest?.(exchange()), prepared.onRequest?.(exchange())]
  expect(refusals[1]).toEqual(refusals[0])
  if (refusals[0] instanceof Promise) throw new Error('it has nothing to wait for')
  return refusals[0]?.code ?? 'passed'
}

const ips = ['192.0.2.1', '10.1.0.0/16', '2001:db8::/33', '::ffff:203.0.113.0/120']

describe('lists of addresses', () => {
  it.each([
    ['192.0.2.1', true],
    ['::ffff:192.0.2.1', true],
    ['::ffff:c000:201', true],
    ['0:0:0:0:0:ffff:192.0.2.1', true],
    ['192.0.2.2', false],
    ['10.1.255.255', true],
    ['10.2.0.0', false],
    ['203.0.113.9', true],
    ['203.0.114.9', false],
    ['2001:DB8:0:0::1', true],
    ['2001:db8:7fff::', true],
    ['2001:db8:8000::', false],
    ['::192.0.2.1', true],
    ['fe80::1%eth0', false],
  ])('know %s', (address, isListed) => {
    expect(ask(ipAllowlist, { ips }, address)).toBe(isListed ? 'passed' : 'ip-allowlist.denied')
    expect(ask(ipBlocklist, { ips }, address)).toBe(isListed ? 'ip-blocklist.denied' : 'passed')
  })

  it.each([
    '',
    'localhost',
    '192.0.2',
    '0300.0.2.1',
    '192.0.2.1.',
    '3221225985',
    '192.0.2.256',
    ':::1',
    'unknown',
  ])('let nobody through from %j, which is no address', (address) => {
    expect(ask(ipAllowlist, { ips: ['0.0.0.0/0', '::/0'] }, address)).toBe('ip-allowlist.denied')
    expect(ask(ipBlocklist, { ips: ['192.0.2.9'] }, address)).toBe('ip-blocklist.unreadable')
  })

  it('answer with status 403', () => {
    const config = ipAllowlist.config.parse({ ips })
    const refusal = ipAllowlist
      .prepare(config, portsInMemory())
      .onRequest?.(new ExchangeInMemory({ remoteAddress: '::1' }))
    expect(refusal).toMatchObject({ status: 403, code: 'ip-allowlist.denied' })
  })

  it('hold every address of a family in a block of length 0', () => {
    const all = compileIpSet(['0.0.0.0/0'])
    expect([all('255.255.255.255'), all('::1'), all('::ffff:1.2.3.4')]).toEqual([true, false, true])
  })
})

describe('an address that a proxy says', () => {
  const config = {
    ips: ['192.0.2.0/24'],
    ipExpression: "#[attributes.headers['x-real-ip']]",
    trustedProxies: ['10.0.0.0/8'],
  }

  it('is believed from a trusted proxy only', () => {
    expect(ask(ipAllowlist, config, '10.0.0.1', { 'x-real-ip': '192.0.2.7' })).toBe('passed')
    expect(ask(ipAllowlist, config, '198.51.100.1', { 'x-real-ip': '192.0.2.7' })).toBe('ip-allowlist.denied')
    expect(ask(ipBlocklist, config, '192.0.2.7', { 'x-real-ip': '198.51.100.1' })).toBe('ip-blocklist.denied')
  })

  it('is read from the right, past trusted proxies, up to the first stranger', () => {
    const say = (...lines: string[]) => ask(ipAllowlist, config, '10.0.0.1', { 'x-real-ip': lines })
    expect(say('192.0.2.7, 10.0.0.9')).toBe('passed')
    expect(say('192.0.2.7', '10.0.0.9')).toBe('passed')
    expect(say('192.0.2.7, 198.51.100.1')).toBe('ip-allowlist.denied')
    expect(say('192.0.2.7, 198.51.100.1, 10.0.0.9')).toBe('ip-allowlist.denied')
    expect(say('192.0.2.7, nonsense')).toBe('ip-allowlist.denied')
    expect(say('')).toBe('ip-allowlist.denied')
  })

  it('is that of the proxy itself where it says nothing', () => {
    expect(ask(ipBlocklist, config, '10.0.0.1')).toBe('passed')
    expect(ask(ipAllowlist, config, '10.0.0.1')).toBe('ip-allowlist.denied')
  })

  it('in X-Forwarded-For is the one that the node finds there', () => {
    const flex = { ips, ipExpression: "#[attributes.headers['x-forwarded-for']]" }
    expect(ask(ipAllowlist, flex, '192.0.2.1', { 'x-forwarded-for': '198.51.100.1' })).toBe('passed')
  })
})

it.each([
  ['none', { ips: [] }, 'ips'],
  ['a name', { ips: ['localhost'] }, 'ips/0'],
  ['a short form', { ips: ['10.1'] }, 'ips/0'],
  ['an octal form', { ips: ['010.0.0.1'] }, 'ips/0'],
  ['a length over 32', { ips: ['10.0.0.0/33'] }, 'ips/0'],
  ['a length over 128', { ips: ['::/129'] }, 'ips/0'],
  ['a mapped block of other addresses', { ips: ['::ffff:1.2.3.4/90'] }, 'ips/0'],
  ['a range', { ips: ['10.0.0.1-10.0.0.9'] }, 'ips/0'],
  [
    'a proxy that is none',
    { ips, ipExpression: "#[attributes.headers['a']]", trustedProxies: ['x'] },
    'trustedProxies/0',
  ],
  [
    'a header that anybody can send',
    { ips, ipExpression: "#[attributes.headers['x-real-ip']]" },
    'trustedProxies',
  ],
  ['proxies that would not be used', { ips, trustedProxies: ['10.0.0.1'] }, 'trustedProxies'],
])('refuses %s in a configuration', (_what, config, path) => {
  const issues = ipAllowlist.config.safeParse(config).error?.issues ?? []
  expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
})
