import { describe, expect, it } from 'vitest'
import type { ControlAnswer, ControlRequest } from '../definition.ts'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { credentialInjectionOauth2 } from './policy.ts'

const least = { oauthService: 'https://login.example/token', clientId: 'a:b c', clientSecret: 'plänted' }

function prepared(config: Record<string, unknown> = {}, answer?: (count: number) => unknown) {
  const asked: ControlRequest[] = []
  const ports = portsInMemory(
    {},
    {
      answer: async (request): Promise<ControlAnswer> => {
        asked.push(request)
        const given = (await answer?.(asked.length)) ?? {
          access_token: `t${asked.length}`,
          token_type: 'bearer',
          expires_in: 100,
        }
        return typeof given === 'object' && 'status' in given
          ? (given as ControlAnswer)
          : { status: 200, headers: {}, body: JSON.stringify(given) }
      },
    },
  )
  const parsed = credentialInjectionOauth2.config.parse({ ...least, ...config })
  const policy = credentialInjectionOauth2.prepare(parsed, ports)
  const send = (authorization?: string, status = 200) => {
    const exchange = new ExchangeInMemory({
      status,
      headers: authorization === undefined ? {} : { authorization },
    })
    const answered = policy.onRequest?.(exchange)
    return { exchange, answered, header: () => exchange.header('authorization') }
  }
  return { asked, ports, policy, parsed, send }
}

describe('credential-injection-oauth2', () => {
  it('gets a token with its own credentials, once for requests that come together', async () => {
    const { asked, send } = prepared({ scope: ['read', 'write'] })
    const sent = Array.from({ length: 20 }, () => send())
    for (const { answered, header } of sent) {
      expect(await answered).toBeUndefined()
      expect(header()).toBe('Bearer t1')
    }
    expect(asked).toEqual([
      {
        url: 'https://login.example/token',
        method: 'POST',
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${btoa('a%3Ab+c:pl%C3%A4nted')}`,
        },
        body: 'grant_type=client_credentials&scope=read+write',
        timeoutMs: 10_000,
        maxBytes: 65_536,
      },
    ])
  })

  it('renews the token ahead of its end while requests go on at once', async () => {
    const { asked, ports, send } = prepared()
    await send().answered
    ports.clock.ms = 79_999
    expect(send().answered).toBeUndefined()
    expect(asked).toHaveLength(1)
    ports.clock.ms = 80_000
    const during = send()
    expect([during.answered, during.header()]).toEqual([undefined, 'Bearer t1'])
    await expect.poll(() => send().header()).toBe('Bearer t2')
    expect(asked).toHaveLength(2)
  })

  it('uses the token up to its end while no other can be had, and then answers 503', async () => {
    const { ports, send } = prepared({}, (count) =>
      count === 1 ? undefined : Promise.reject(new Error('away')),
    )
    await send().answered
    ports.clock.ms = 99_999
    expect(send().header()).toBe('Bearer t1')
    ports.clock.ms = 101_500
    const late = send()
    expect(await late.answered).toMatchObject({
      status: 503,
      code: 'credential-injection-oauth2.unavailable',
      headers: { 'retry-after': '5' },
    })
    expect(late.header()).toBeUndefined()
    expect(JSON.stringify(ports.logged)).toMatch(/token_unavailable(?!.*plänted)/)
  })

  it.each([
    ['is away', () => Promise.reject(new Error('away'))],
    ['refuses the gateway', () => ({ status: 401, headers: {}, body: '{"access_token":"x"}' })],
    ['answers with a page', () => ({ status: 200, headers: {}, body: '<html>' })],
    ['gives no token', () => ({ token_type: 'Bearer' })],
    ['gives a token that no header can carry', () => ({ access_token: 'a\r\nb: c' })],
    ['gives a token of another kind', () => ({ access_token: 'x', token_type: 'DPoP' })],
  ])('answers 503 when the issuer %s, and does not ask again at once', async (_what, answer) => {
    const { asked, ports, send } = prepared({}, answer)
    expect(await send().answered).toMatchObject({ status: 503 })
    expect(send().answered).toMatchObject({ status: 503 })
    expect(asked).toHaveLength(1)
    ports.clock.ms = 1_000
    await send().answered
    expect(asked).toHaveLength(2)
  })

  it('sends requests on without a token when told so', async () => {
    const { send } = prepared({ allowRequestWithoutCredential: true }, () =>
      Promise.reject(new Error('away')),
    )
    const sent = send()
    expect(await sent.answered).toBeUndefined()
    expect(sent.header()).toBeUndefined()
  })

  it('takes the place of what the caller sent unless told otherwise', async () => {
    const over = prepared().send('Bearer theirs')
    await over.answered
    expect(over.header()).toBe('Bearer t1')
    const { asked, send } = prepared({ overwrite: false })
    expect(send('Bearer theirs').header()).toBe('Bearer theirs')
    expect(asked).toHaveLength(0)
  })

  it('gets another token when the upstream refuses one, though not time and again', async () => {
    const { asked, ports, policy, send } = prepared()
    for (let i = 0; i < 10; i++) {
      const { exchange, answered } = send(undefined, 401)
      await answered
      policy.onResponse?.(exchange)
    }
    expect(asked).toHaveLength(2)
    ports.clock.ms = 30_000
    const { exchange, answered } = send(undefined, 401)
    await answered
    policy.onResponse?.(exchange)
    await send().answered
    expect(asked).toHaveLength(3)
  })

  it('keeps its token from one plan to the next', async () => {
    const { asked, ports, parsed, send } = prepared()
    await send().answered
    const exchange = new ExchangeInMemory({})
    expect(credentialInjectionOauth2.prepare(parsed, ports).onRequest?.(exchange)).toBeUndefined()
    expect(exchange.header('authorization')).toBe('Bearer t1')
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['no endpoint', { oauthService: '' }, 'oauthService'],
    ['cloud credentials', { oauthService: 'http://metadata.google.internal/token' }, 'oauthService'],
    ['no secret', { clientSecret: '' }, 'clientSecret'],
    ['a scope with a space', { scope: ['a b'] }, 'scope/0'],
    ['no time', { tokenFetchTimeout: 0 }, 'tokenFetchTimeout'],
  ])('refuses %s in a configuration', (_what, config, path) => {
    const issues = credentialInjectionOauth2.config.safeParse({ ...least, ...config }).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })
})
