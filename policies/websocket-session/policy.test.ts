import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, type PortsInMemory, portsInMemory } from '../exchange-in-memory.ts'
import type { Claims, Exchange, Outcome, Session } from '../exchange.ts'
import { websocketSession } from './policy.ts'

const outcome: Outcome = {
  status: 101,
  code: undefined,
  durationMs: 1,
  requestBytes: 0,
  responseBytes: 0,
  upstream: undefined,
  upstreamMs: undefined,
}
const claimsOf = (exp: unknown, more: Claims = {}): Claims => ({
  iss: 'https://idp',
  sub: 'jane',
  exp,
  ...more,
})

class SessionInMemory implements Session {
  readonly exchange: Exchange
  readonly sent: unknown[] = []
  closed: [code: number, reason: string] | undefined
  private take: (text: string) => boolean = () => false
  private readonly ends: (() => void)[] = []

  constructor(exchange: Exchange) {
    this.exchange = exchange
  }
  close(code: number, reason: string): void {
    this.closed ??= [code, reason]
    this.end()
  }
  renewed(claims: Claims): void {
    this.exchange.claims = claims
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }
  intercept(_maxBytes: number, take: (text: string) => boolean): void {
    this.take = take
  }
  onEnd(ended: () => void): void {
    this.ends.push(ended)
  }
  /** The client says something; true where the upstream does not get it. */
  async says(message: unknown): Promise<boolean> {
    const isTaken = this.take(typeof message === 'string' ? message : JSON.stringify(message))
    for (let i = 0; i < 5; i++) await Promise.resolve()
    return isTaken
  }
  end(): void {
    for (const ended of this.ends.splice(0)) ended()
  }
}

function prepared(config: object = {}, ports: PortsInMemory = portsInMemory()) {
  return { ports, policy: websocketSession.prepare(websocketSession.config.parse(config), ports) }
}

function upgrade(claims: Claims | undefined, tokens: Record<string, Claims> = {}): ExchangeInMemory {
  const exchange = new ExchangeInMemory({
    upgrades: true,
    headers: { 'sec-websocket-extensions': 'permessage-deflate' },
    ...(claims === undefined ? {} : { claims }),
  })
  exchange.renewIdentity = async (token) => tokens[token]
  return exchange
}

function opened(claims: Claims, config: object = {}, tokens: Record<string, Claims> = {}) {
  const { ports, policy } = prepared(config)
  const exchange = upgrade(claims, tokens)
  expect(policy.onRequest?.(exchange)).toBeUndefined()
  const session = new SessionInMemory(exchange)
  policy.onSession?.(session)
  return { ports, session, exchange }
}

describe('websocket-session', () => {
  it('closes with 4401 when the token expires, not a moment before', () => {
    const { ports, session } = opened(claimsOf(100))
    ports.pass(99_999)
    expect(session.closed).toBeUndefined()
    ports.pass(1)
    expect(session.closed).toEqual([4401, 'the token has expired'])
    expect(ports.counted.get('["evicted",{"why":"expired"}]')).toBe(1)
  })

  it('waits for the grace, and closes with the code that was asked for', () => {
    const { ports, session } = opened(claimsOf(100), { graceSeconds: 30, closeCode: 4_000 })
    ports.pass(129_999)
    expect(session.closed).toBeUndefined()
    ports.pass(1)
    expect(session.closed?.[0]).toBe(4_000)
  })

  it.each([4_000_000_000, 1e15, 1e300, undefined])('does not fire for an expiry far ahead (%s)', (exp) => {
    const { ports, session } = opened(claimsOf(exp))
    ports.pass(365 * 86_400_000)
    expect(session.closed).toBeUndefined()
  })

  it('closes at once what has expired while it was opened', () => {
    const { ports, session } = opened(claimsOf(0))
    ports.pass(0)
    expect(session.closed?.[0]).toBe(4401)
  })

  it('moves the timer for a new token of the same subject, and says so on the socket', async () => {
    const { ports, session, exchange } = opened(claimsOf(100), {}, { next: claimsOf(300, { scope: 'more' }) })
    ports.pass(90_000)
    expect(await session.says({ type: 'renew', token: 'next' })).toBe(true)
    expect(session.sent).toEqual([{ type: 'renew', status: 'renewed', expiresAt: 300 }])
    expect(exchange.claims).toMatchObject({ scope: 'more' })
    ports.pass(209_999)
    expect(session.closed).toBeUndefined()
    ports.pass(1)
    expect(session.closed?.[0]).toBe(4401)
  })

  it.each([
    ['of another subject', 'other', 'other_subject'],
    ['of another issuer', 'issuer', 'other_subject'],
    ['without a subject', 'nobody', 'other_subject'],
    ['that does not verify', 'wrong', 'invalid_token'],
    ['whose expiry is no moment', 'odd', 'invalid_token'],
    ['that ends too soon', 'short', 'expires_too_soon'],
    ['that is missing', undefined, 'no_token'],
  ])('refuses a token %s, and the first one still counts', async (_name, token, reason) => {
    const tokens = {
      other: claimsOf(300, { sub: 'joe' }),
      issuer: claimsOf(300, { iss: 'https://evil' }),
      nobody: claimsOf(300, { sub: undefined }),
      odd: claimsOf('300'),
      short: claimsOf(105),
    }
    const { ports, session, exchange } = opened(claimsOf(100), { renewal: { minRemaining: 60 } }, tokens)
    ports.pass(50_000)
    expect(await session.says({ type: 'renew', token })).toBe(true)
    expect(session.sent).toEqual([{ type: 'renew', status: 'refused', reason }])
    expect(exchange.claims).toEqual(claimsOf(100))
    ports.pass(50_000)
    expect(session.closed?.[0]).toBe(4401)
  })

  it('leaves every other message to the upstream', async () => {
    const { session } = opened(claimsOf(100))
    for (const text of [
      'renew',
      '{"type":"renew"',
      '{"type":"renewal","token":"x"}',
      '["renew"]',
      'null',
      '{}',
    ])
      expect(await session.says(text)).toBe(false)
    expect(session.sent).toEqual([])
  })

  it('verifies one token at a time, and ends a socket that keeps sending wrong ones', async () => {
    const { session, exchange } = opened(claimsOf(100))
    let asked = 0
    exchange.renewIdentity = () => {
      asked++
      return new Promise(() => undefined)
    }
    for (let i = 0; i < 3; i++) await session.says({ type: 'renew', token: 'x' })
    expect(asked).toBe(1)
    expect(session.sent).toMatchObject([{ reason: 'busy' }, { reason: 'busy' }])
    for (let i = 0; i < 3; i++) await session.says({ type: 'renew', token: 'x' })
    expect(session.closed).toEqual([4401, 'too many wrong tokens'])
  })

  it('takes a verification that fails for a token that is not good', async () => {
    const { ports, session, exchange } = opened(claimsOf(100))
    exchange.renewIdentity = () => Promise.reject(new Error('the issuer is away'))
    await session.says({ type: 'renew', token: 'x' })
    expect(session.sent).toMatchObject([{ status: 'refused', reason: 'invalid_token' }])
    expect(ports.logged).toMatchObject([{ level: 'warn', code: 'websocket_renewal_failed' }])
  })

  it('does nothing with a token that arrives when the socket has ended', async () => {
    const { session, exchange } = opened(claimsOf(100))
    let goOn = (_claims: Claims) => {}
    exchange.renewIdentity = () => new Promise((resolve) => (goOn = resolve))
    await session.says({ type: 'renew', token: 'x' })
    session.end()
    goOn(claimsOf(300))
    await Promise.resolve()
    expect(session.sent).toEqual([])
  })

  it('ends at its longest life, however often it was renewed', async () => {
    const { ports, session } = opened(claimsOf(100), { maxLifetime: 150 }, { next: claimsOf(10_000) })
    await session.says({ type: 'renew', token: 'next' })
    ports.pass(149_999)
    expect(session.closed).toBeUndefined()
    ports.pass(1)
    expect(session.closed).toEqual([4401, 'the socket is too old'])
  })

  it('has no timer left once the socket has ended', () => {
    const { ports, session } = opened(claimsOf(100))
    session.end()
    ports.pass(1_000_000)
    expect(session.closed).toBeUndefined()
  })

  it('opens no socket without an identity, and lets ordinary requests be', () => {
    const { policy } = prepared()
    for (const claims of [undefined, {}, claimsOf('soon'), claimsOf(1, { sub: 7 })])
      expect(policy.onRequest?.(upgrade(claims))).toMatchObject({
        status: 401,
        code: 'websocket-session.no_identity',
      })
    expect(policy.onRequest?.(new ExchangeInMemory({}))).toBeUndefined()
  })

  it('counts the sockets of a caller, those that did not come to be excepted', () => {
    const { policy, ports } = prepared({ maxSessions: 2 })
    const one = upgrade(claimsOf(100))
    const two = upgrade(claimsOf(100))
    expect(policy.onRequest?.(one)).toBeUndefined()
    expect(policy.onRequest?.(two)).toBeUndefined()
    const third = upgrade(claimsOf(100))
    expect(policy.onRequest?.(third)).toMatchObject({ status: 429, code: 'websocket-session.too_many' })
    policy.onDone?.(third, outcome)
    expect(policy.onRequest?.(upgrade(claimsOf(100)))).toMatchObject({ status: 429 })
    expect(policy.onRequest?.(upgrade(claimsOf(100, { sub: 'joe' })))).toBeUndefined()
    policy.onDone?.(one, outcome)
    // Another plan goes on with the same counts.
    expect(prepared({ maxSessions: 2 }, ports).policy.onRequest?.(upgrade(claimsOf(100)))).toBeUndefined()
    expect(policy.onRequest?.(upgrade(claimsOf(100)))).toMatchObject({ status: 429 })
  })

  it('counts with the other processes of the node where there are some, and by itself while they are away', async () => {
    let [isAway, left] = [false, 0]
    const ports = portsInMemory(
      {},
      {
        enterOnNode: (name) => async (caller, max) => {
          if (isAway) throw new Error('away')
          return name === 'sockets' && !caller.includes('full') && max === 1 ? () => void left++ : undefined
        },
      },
    )
    const policy = websocketSession.prepare(websocketSession.config.parse({ maxSessions: 1 }), ports)
    const one = upgrade(claimsOf(100))
    expect(await policy.onRequest?.(one)).toBeUndefined()
    expect(await policy.onRequest?.(upgrade(claimsOf(100, { sub: 'full' })))).toMatchObject({ status: 429 })
    policy.onDone?.(one, outcome)
    policy.onDone?.(one, outcome)
    expect(left).toBe(1)
    const gone = upgrade(claimsOf(100))
    const asked = policy.onRequest?.(gone)
    policy.onDone?.(gone, outcome)
    await asked
    expect(left).toBe(2)
    isAway = true
    expect(await policy.onRequest?.(upgrade(claimsOf(100)))).toBeUndefined()
    expect(await policy.onRequest?.(upgrade(claimsOf(100)))).toMatchObject({ status: 429 })
  })

  it('keeps messages readable by declining extensions', () => {
    const { exchange } = opened(claimsOf(100))
    expect(exchange.header('sec-websocket-extensions')).toBeUndefined()
  })

  it.each([
    { closeCode: 1000 },
    { closeCode: 5000 },
    { graceSeconds: -1 },
    { expiryAction: 'warn' },
    { authenticateOn: 'message' },
    { renewal: { sameSubjectRequired: false } },
    { renewal: { message: '' } },
  ])('does not take %j', (config) => expect(websocketSession.config.safeParse(config).success).toBe(false))
})
