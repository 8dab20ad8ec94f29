import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { httpBasicAuthentication } from './policy.ts'

/** What passlib.hash.pbkdf2_sha256 makes of these with 10,000 rounds. */
async function hashed(password: string, phc = false): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, [
    'deriveBits',
  ])
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: 10_000 }
  const bytes = new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256))
  const text = (part: Uint8Array) => {
    const base64 = btoa(String.fromCharCode(...part)).replace(/=+$/, '')
    return phc ? base64 : base64.replaceAll('+', '.')
  }
  return `$pbkdf2-sha256$${phc ? 'i=' : ''}10000$${text(salt)}$${text(bytes)}`
}

function prepared(config: Record<string, unknown>) {
  const ports = portsInMemory()
  const policy = httpBasicAuthentication.prepare(httpBasicAuthentication.config.parse(config), ports)
  return (authorization?: string | string[]) => {
    const exchange = new ExchangeInMemory({ headers: authorization === undefined ? {} : { authorization } })
    return { exchange, answer: policy.onRequest?.(exchange) }
  }
}

const good = await hashed('s1')
const plain = { username: 'jane', password: 'päss:word' }
const line = (text: string) => `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}`

describe('http-basic-authentication', () => {
  it('lets the one name with its password through at once, and says who it is', () => {
    const { exchange, answer } = prepared(plain)(line('jane:päss:word'))
    expect(answer).toBeUndefined()
    expect(exchange.client).toEqual({ id: 'user:jane', name: 'jane' })
  })

  it('lets users with hashed passwords through, and at once when they come again', async () => {
    const users = [
      { username: 'joe', password: await hashed('s1') },
      { username: 'eve', password: await hashed('s2', true) },
    ]
    const ask = prepared({ users })
    for (const text of ['joe:s1', 'eve:s2']) {
      expect(await ask(line(text)).answer).toBeUndefined()
      const again = ask(line(text))
      expect(again.answer).toBeUndefined()
      expect(again.exchange.client?.name).toBe(text.slice(0, 3))
    }
    for (const text of ['joe:s2', 'eve:s1', 'jan:s1', 'joe:', ':s1', 'joe:s1 '])
      expect(await ask(line(text)).answer).toMatchObject({
        status: 401,
        code: 'http-basic-authentication.wrong',
      })
  })

  it.each(['jane:password', 'Jane:päss:word', 'jane:', ':', 'jane:päss', `jane:${'x'.repeat(1_000)}`])(
    'refuses %s as 401',
    (text) => {
      const { exchange, answer } = prepared(plain)(line(text))
      expect(answer).toMatchObject({
        status: 401,
        code: 'http-basic-authentication.wrong',
        headers: { 'www-authenticate': 'Basic realm="api", charset="UTF-8"' },
      })
      expect(exchange.client).toBeUndefined()
    },
  )

  it('refuses what is missing, unreadable or there twice', () => {
    const ask = prepared(plain)
    for (const none of [undefined, 'Bearer x'])
      expect(ask(none).answer).toMatchObject({ status: 401, code: 'http-basic-authentication.missing' })
    const fine = line('jane:päss:word')
    for (const odd of [
      [fine, fine],
      'Basic',
      'Basic =',
      `Basic ${btoa('jane')}`,
      `Basic ${btoa('\xff:a')}`,
      `${fine} x`,
    ])
      expect(ask(odd).answer).toMatchObject({ status: 401, code: 'http-basic-authentication.malformed' })
  })

  it('looks at a few passwords at a time, lets some wait and refuses the rest as 503', async () => {
    const ask = prepared({ users: [{ username: 'joe', password: await hashed('s1') }] })
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => ask(line(`joe:wrong ${i}`)).answer),
    )
    const codes = answers.map((answer) => answer?.code)
    expect(codes.filter((code) => code === 'http-basic-authentication.wrong')).toHaveLength(52)
    expect(answers.at(-1)).toMatchObject({ status: 503, code: 'http-basic-authentication.busy' })
    expect(await ask(line('joe:s1')).answer).toBeUndefined()
  })

  it.each([
    ['nobody', {}, 'username'],
    ['a name without a password', { username: 'jane' }, 'password'],
    ['a password without a name', { password: 'x' }, 'username'],
    ['a name with a colon', { username: 'a:b', password: 'x' }, 'username'],
    [
      'a plain password among the hashed ones',
      { users: [{ username: 'a', password: 'secret' }] },
      'users/0/password',
    ],
    ['bcrypt', { users: [{ username: 'a', password: '$2b$12$abcdefghijklmnopqrstuv' }] }, 'users/0/password'],
    [
      'few iterations',
      { users: [{ username: 'a', password: good.replace('10000', '9999') }] },
      'users/0/password',
    ],
    [
      'endless iterations',
      { users: [{ username: 'a', password: good.replace('10000', '99999999') }] },
      'users/0/password',
    ],
    ['a short hash', { users: [{ username: 'a', password: good.slice(0, -4) }] }, 'users/0/password'],
    ['a name twice', { ...plain, users: [{ username: 'jane', password: good }] }, 'users/0/username'],
  ])('refuses %s in a configuration', (_what, config, path) => {
    const issues = httpBasicAuthentication.config.safeParse(config).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
    expect(JSON.stringify(issues.map((issue) => issue.message))).not.toContain('secret')
  })
})
