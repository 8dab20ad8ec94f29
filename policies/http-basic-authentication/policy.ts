import { z } from 'zod'
import { type BasicCredentials, basicCredentials } from '../basic-credentials.ts'
import { definePolicy, type Ports } from '../definition.ts'
import type { Client, Refusal } from '../exchange.ts'
import { checkedBy } from '../form-fields.ts'
import { Remembered } from '../remembered.ts'
import { type PasswordHash, passwordFits, readPasswordHash, sameBytes } from './password-hash.ts'

const kind = 'http-basic-authentication'

// RFC 7617 §2: a colon ends the name.
const userName = z
  .string()
  .max(200)
  .regex(/^[^:\p{Cc}]*$/u, 'must not hold colons or control characters')

const user = z.strictObject({
  username: userName.min(1).meta({ title: 'Name' }),
  password: z
    .string()
    .max(500)
    .check(
      checkedBy((text: string) => {
        const read = readPasswordHash(text)
        return typeof read === 'string' ? read : undefined
      }),
    )
    .meta({
      title: 'Hashed password',
      description: 'PBKDF2 with SHA-256: $pbkdf2-sha256$iterations$salt$hash, as passlib writes it.',
      sensitive: true,
    }),
})

const config = z
  .strictObject({
    username: userName.default('').meta({ title: 'Name' }),
    password: z.string().max(500).default('').meta({ title: 'Password', sensitive: true }),
    users: z.array(user).max(500).default([]).meta({
      title: 'Users',
      description: 'Names with hashed passwords, beside or in place of the one above.',
    }),
  })
  .check(({ value, issues }) => {
    const wrong = (path: (string | number)[], message: string) =>
      issues.push({ code: 'custom', path, message, input: value })
    if (value.username === '' && value.password === '' && value.users.length === 0)
      wrong(['username'], 'must be given, or users with hashed passwords')
    if (value.username === '' && value.password !== '') wrong(['username'], 'must be given with the password')
    if (value.username !== '' && value.password === '') wrong(['password'], 'must be given with the name')
    const names = new Set([value.username])
    for (const [index, { username }] of value.users.entries()) {
      if (names.has(username)) wrong(['users', index, 'username'], 'stands here twice')
      names.add(username)
    }
  })
type Config = z.infer<typeof config>

const passwordLengthMax = 500
const rememberedMax = 1_000
/** Each takes a thread for about 100 ms, so that many at once would be a cheap way to keep them all busy. */
const derivationsMax = 2
const waitingMax = 50

const refusal = (check: string, detail: string): Refusal => ({
  status: 401,
  code: `${kind}.${check}`,
  detail,
  headers: { 'www-authenticate': 'Basic realm="api", charset="UTF-8"' },
})
const missing = refusal('missing', 'The request carries no name and password.')
const wrong = refusal('wrong', 'The name and the password do not belong together.')
const busy: Refusal = {
  status: 503,
  code: `${kind}.busy`,
  detail: 'Too many passwords are being looked at.',
  headers: { 'retry-after': '1' },
}

// Derived for names that nobody has, so that the time taken does not tell.
const nobodys: PasswordHash = {
  iterations: 600_000,
  salt: new Uint8Array(16),
  hash: new Uint8Array(32),
}

/** Looks at passwords, a few at a time. */
class Passwords {
  readonly #hashes: ReadonlyMap<string, PasswordHash>
  readonly #nobodys: PasswordHash
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(users: Config['users']) {
    const read = users.map(({ username, password }) => [username, readPasswordHash(password)] as const)
    this.#hashes = new Map(read.flatMap(([name, hash]) => (typeof hash === 'string' ? [] : [[name, hash]])))
    this.#nobodys = {
      ...nobodys,
      iterations: [...this.#hashes.values()][0]?.iterations ?? nobodys.iterations,
    }
  }

  get isEmpty(): boolean {
    return this.#hashes.size === 0
  }

  get isBusy(): boolean {
    return this.#waiting.length >= waitingMax
  }

  async fits({ name, password }: BasicCredentials): Promise<boolean> {
    if (this.#running < derivationsMax) this.#running++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      const known = this.#hashes.get(name)
      const fits = await passwordFits(password, known ?? this.#nobodys)
      return known !== undefined && fits
    } finally {
      // Whoever waits takes over the place.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

/** Compares with the one name and password that stand in the configuration as they are. */
function plainCheck({ username, password }: Config, ports: Ports): (given: BasicCredentials) => boolean {
  if (username === '') return () => false
  // Hashes have one length, so that comparing them tells nothing of the lengths of what was hashed.
  const digest = (name: string, secret: string) =>
    new TextEncoder().encode(ports.sha256(`${ports.sha256(name)} ${ports.sha256(secret)}`))
  const wanted = digest(username, password)
  return ({ name, password: given }) => sameBytes(digest(name, given), wanted)
}

/** Lets through whoever knows a name and its password. */
export const httpBasicAuthentication = definePolicy<Config>({
  kind,
  policyVersion: '1.0.0',
  title: 'Basic authentication',
  summary: 'Asks callers for a name and a password.',
  category: 'identity',
  config,
  summarise: ({ username, users }) => {
    const names = [...(username === '' ? [] : [username]), ...users.map((one) => one.username)]
    return names.length > 3 ? `${names.length} names with passwords` : `Password of ${names.join(', ')}`
  },
  prepare(config, ports) {
    const passwords = new Passwords(config.users)
    const isPlain = plainCheck(config, ports)
    const remembered = new Remembered<Client>(rememberedMax)
    const clientOf = (name: string): Client => ({ id: `user:${name}`, name })
    return {
      onRequest(exchange) {
        const given = basicCredentials(exchange)
        if (given === undefined) return missing
        if (typeof given === 'string') return refusal('malformed', given)
        if (given.password.length > passwordLengthMax) return wrong
        if (isPlain(given)) {
          exchange.client = clientOf(given.name)
          return undefined
        }
        if (passwords.isEmpty) return wrong
        const pair = ports.sha256(`${ports.sha256(given.name)} ${ports.sha256(given.password)}`)
        const known = remembered.get(pair)
        if (known !== undefined) {
          exchange.client = known
          return undefined
        }
        if (passwords.isBusy) return busy
        return passwords.fits(given).then((fits) => {
          if (!fits) return wrong
          const client = clientOf(given.name)
          remembered.set(pair, client)
          exchange.client = client
          return undefined
        })
      },
    }
  },
})
