import { describe, expect, it } from 'vitest'
import { resolveChain } from './chain.ts'
import { describePolicy } from './definition.ts'
import { policies, policyOf } from './index.ts'
import { samples } from './samples.ts'

function attached(kind: string, order: number, config: Record<string, unknown> = {}) {
  return { kind, policyVersion: '1.0.0', order, config }
}

const theOne = new Map([['upstream:a', 'main']])
const chainOf = (policies: Parameters<typeof resolveChain>[0]) => resolveChain(policies, theOne)

describe('resolveChain', () => {
  it('puts CORS first, then follows the explicit order, with defaults filled in', () => {
    const chain = chainOf([
      attached('rate-limiting', 3),
      attached('api-key-auth', 1),
      attached('cors', 9),
      attached('header-injection', 2),
    ])
    expect(chain.ok && chain.links.map((link) => link.policy.kind)).toEqual([
      'cors',
      'api-key-auth',
      'header-injection',
      'rate-limiting',
    ])
    expect(chain.ok && chain.links[1]?.config).toMatchObject({ key: 'x-api-key' })
  })

  it('refuses rules and dry run where they could mean nothing', () => {
    const chain = chainOf([
      { ...attached('connect-timeout', 1, { timeout: 5 }), rules: [{ path: '/a.*' }] },
      { ...attached('tls-outbound', 2), dryRun: true },
    ])
    expect(chain.ok ? [] : chain.faults).toEqual([
      { pointer: '/0', detail: 'connect-timeout holds for all requests of an API and takes no rules' },
      { pointer: '/1', detail: 'tls-outbound cannot be tried in dry run: there is nothing that it decides' },
    ])
  })

  it('refuses unknown kinds, unknown versions, shared orders and bad configurations, all at once', () => {
    const chain = chainOf([
      attached('from-the-future', 1),
      { ...attached('cors', 2), policyVersion: '9.0.0' },
      attached('rate-limiting', 2, { rateLimits: [{ maximumRequests: 0 }] }),
    ])
    expect(chain.ok ? [] : chain.faults.map((fault) => fault.pointer)).toEqual([
      '/2/order',
      '/0/kind',
      '/1/policyVersion',
      '/2/config/rateLimits/0/maximumRequests',
    ])
  })
})

describe('what a chain says of the upstream', () => {
  it('is joined from its policies, with times in milliseconds', () => {
    const chain = chainOf([
      attached('connect-timeout', 1, { timeout: 0.25 }),
      attached('response-timeout', 2, { timeout: 3 }),
      attached('tls-outbound', 3, { serverName: 'orders.example' }),
    ])
    expect(chain.ok && chain.upstreams.get('upstream:a')).toMatchObject({
      timeouts: { connectMs: 250, responseMs: 3_000 },
      tls: { serverName: 'orders.example', minVersion: 'TLSv1.2', skipValidation: false },
    })
  })

  it('is said once', () => {
    const chain = chainOf([attached('connect-timeout', 1), attached('connect-timeout', 2)])
    expect(chain.ok ? [] : chain.faults).toEqual([
      { pointer: '/1/config', detail: 'another policy of the chain already sets connectMs' },
    ])
  })
})

describe('what a chain says of several upstreams', () => {
  const names = new Map([
    ['upstream:a', 'main'],
    ['upstream:a:bills', 'bills'],
    ['upstream:a:stock', 'stock'],
  ])
  const faultsOf = (policies: Parameters<typeof resolveChain>[0]) => {
    const chain = resolveChain(policies, names)
    return chain.ok ? [] : chain.faults
  }

  it('holds for each that a policy names, and for all where it names none', () => {
    const chain = resolveChain(
      [
        attached('connect-timeout', 1, { timeout: 1 }),
        { ...attached('tls-outbound', 2, { serverName: 'a.example' }), upstreams: ['upstream:a'] },
        {
          ...attached('tls-outbound', 3, { serverName: 'b.example' }),
          upstreams: ['upstream:a:bills', 'upstream:a:bills'],
        },
      ],
      names,
    )
    const timeouts = { connectMs: 1_000 }
    expect(chain.ok && Object.fromEntries(chain.upstreams)).toEqual({
      'upstream:a': { timeouts, tls: expect.objectContaining({ serverName: 'a.example' }) },
      'upstream:a:bills': { timeouts, tls: expect.objectContaining({ serverName: 'b.example' }) },
      'upstream:a:stock': { timeouts },
    })
  })

  it('is said once for each of them', () => {
    const tls = attached('tls-outbound', 1)
    const forBills = { ...attached('tls-outbound', 2), upstreams: ['upstream:a', 'upstream:a:bills'] }
    const forBillsToo = { ...attached('tls-outbound', 3), upstreams: ['upstream:a:bills'] }
    expect(faultsOf([forBills, forBillsToo])).toEqual([
      { pointer: '/1/config', detail: 'another policy of the chain already sets tls for bills' },
    ])
    expect(faultsOf([tls, forBillsToo])).toEqual([
      { pointer: '/1/config', detail: 'another policy of the chain already sets tls for bills' },
    ])
    expect(faultsOf([forBillsToo, tls])).toEqual([
      { pointer: '/1/config', detail: 'another policy of the chain already sets tls for bills' },
    ])
  })

  it('is refused for one that the API does not have, and for policies that are about requests', () => {
    expect(
      faultsOf([
        { ...attached('tls-outbound', 1), upstreams: ['upstream:a', 'upstream:a:gone'] },
        { ...attached('rate-limiting', 2, samples['rate-limiting']?.least), upstreams: ['upstream:a'] },
      ]),
    ).toEqual([
      { pointer: '/0/upstreams/1', detail: 'the API has no upstream upstream:a:gone' },
      {
        pointer: '/1/upstreams',
        detail: 'rate-limiting is not about upstreams and cannot be for some of them',
      },
    ])
  })
})

describe('policies', () => {
  it.each(policies.map((policy) => [policy.kind, policy] as const))(
    '%s has a form with titles, defaults that fit, and a line that says what it does',
    (kind, policy) => {
      expect(policyOf(kind)).toBe(policy)
      const { schema } = describePolicy(policy)
      const properties = Object.values(schema.properties as Record<string, Record<string, unknown>>)
      expect(properties.length).toBeGreaterThan(0)
      for (const property of properties) expect(property.hidden ?? property.title).toBeTruthy()
      const chain = chainOf([attached(kind, 1, samples[kind]?.least)])
      expect(chain.ok && policy.summarise(chain.links[0]?.config as never)).toMatch(/\w/)
    },
  )

  it('have kinds of their own', () => {
    expect(new Set(policies.map((policy) => policy.kind)).size).toBe(policies.length)
    expect(policyOf('__proto__')).toBeUndefined()
  })
})
