import { describe, expect, it } from 'vitest'
import { resolveChain } from './chain.ts'
import { describePolicy } from './definition.ts'
import { policies, policyOf } from './index.ts'
import { samples } from './samples.ts'

function attached(kind: string, order: number, config: Record<string, unknown> = {}) {
  return { kind, policyVersion: '1.0.0', order, config }
}

describe('resolveChain', () => {
  it('puts CORS first, then follows the explicit order, with defaults filled in', () => {
    const chain = resolveChain([
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
    const chain = resolveChain([
      { ...attached('connect-timeout', 1, { timeout: 5 }), rules: [{ path: '/a.*' }] },
      { ...attached('tls-outbound', 2), dryRun: true },
    ])
    expect(chain.ok ? [] : chain.faults).toEqual([
      { pointer: '/0', detail: 'connect-timeout holds for all requests of an API and takes no rules' },
      { pointer: '/1', detail: 'tls-outbound cannot be tried in dry run: there is nothing that it decides' },
    ])
  })

  it('refuses unknown kinds, unknown versions, shared orders and bad configurations, all at once', () => {
    const chain = resolveChain([
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
    const chain = resolveChain([
      attached('connect-timeout', 1, { timeout: 0.25 }),
      attached('response-timeout', 2, { timeout: 3 }),
      attached('tls-outbound', 3, { serverName: 'orders.example' }),
    ])
    expect(chain.ok && chain.upstream).toMatchObject({
      timeouts: { connectMs: 250, responseMs: 3_000 },
      tls: { serverName: 'orders.example', minVersion: 'TLSv1.2', skipValidation: false },
    })
  })

  it('is said once', () => {
    const chain = resolveChain([attached('connect-timeout', 1), attached('connect-timeout', 2)])
    expect(chain.ok ? [] : chain.faults).toEqual([
      { pointer: '/1/config', detail: 'another policy of the chain already sets connectMs' },
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
      const chain = resolveChain([attached(kind, 1, samples[kind]?.least)])
      expect(chain.ok && policy.summarise(chain.links[0]?.config as never)).toMatch(/\w/)
    },
  )

  it('have kinds of their own', () => {
    expect(new Set(policies.map((policy) => policy.kind)).size).toBe(policies.length)
    expect(policyOf('__proto__')).toBeUndefined()
  })
})
