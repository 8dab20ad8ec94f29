import { base64url } from 'jose'
import { describe, expect, it } from 'vitest'
import type { Refusal } from '../exchange.ts'
import { ExchangeInMemory, portsInMemory, type WorldInMemory } from '../exchange-in-memory.ts'
import { jwtValidation } from './policy.ts'
import { part, signedBySecret, testIssuer } from './tokens-in-tests.ts'

const rsa = await testIssuer('RS256', 'k1')
const ec = await testIssuer('ES256', 'k2')
const other = await testIssuer('RS256', 'k1')
/** Epoch seconds at which the tests begin. */
const now = 1_800_000_000
const claims = { sub: 'jane', iss: 'https://login.example', aud: 'orders', exp: now + 600, client_id: 'shop' }
const header = { alg: 'RS256', kid: 'k1' }
const shop = { id: 'shop', name: 'Shop' }

const byText = {
  jwtKeyOrigin: 'text',
  textKey: rsa.pem,
  issuers: ['https://login.example'],
  validateAudClaim: true,
  supportedAudiences: ['orders'],
}

function prepared(config: Record<string, unknown> = {}, world: WorldInMemory = { clientsById: { shop } }) {
  const ports = portsInMemory({}, world)
  ports.clock.ms = now * 1_000
  const policy = jwtValidation.prepare(jwtValidation.config.parse({ ...byText, ...config }), ports)
  return { policy, ports, ask: (exchange: ExchangeInMemory) => policy.onRequest?.(exchange) }
}

function bearing(token: string, more: ConstructorParameters<typeof ExchangeInMemory>[0] = {}) {
  return new ExchangeInMemory({ ...more, headers: { authorization: `Bearer ${token}`, ...more.headers } })
}

async function refusalOf(token: string, config: Record<string, unknown> = {}): Promise<Refusal | undefined> {
  const exchange = bearing(token)
  const refusal = await prepared(config).ask(exchange)
  if (refusal !== undefined) expect([exchange.claims, exchange.client]).toEqual([undefined, undefined])
  return refusal
}

function expectRefused(refusal: Refusal | undefined, check: string): void {
  expect(refusal).toMatchObject({ status: 401, code: `jwt-validation.${check}` })
  expect(refusal?.headers?.['www-authenticate']).toBe(
    `Bearer error="invalid_token", error_description="${refusal?.detail}"`,
  )
}

const good = await rsa.sign(header, claims)

describe('jwt-validation', () => {
  it('lets a good token through and says who is calling', async () => {
    const exchange = bearing(good)
    expect(await prepared().ask(exchange)).toBeUndefined()
    expect(exchange.claims).toEqual(claims)
    expect(exchange.client).toEqual(shop)
  })

  it('knows a verified token again without a promise, and judges its lifetime each time', async () => {
    const { ask, ports } = prepared()
    await ask(bearing(good))
    expect(ask(bearing(good))).toBeUndefined()
    ports.clock.ms += 609_000
    expect(ask(bearing(good))).toBeUndefined()
    ports.clock.ms += 1_000
    expectRefused(await ask(bearing(good)), 'expired')
    ports.clock.ms -= 3_000
    expect(await ask(bearing(good))).toBeUndefined()
  })

  it('refuses a request without a token with a challenge that names no error', async () => {
    for (const authorization of ['Basic abc', 'BearerX y', '']) {
      expect(await prepared().ask(new ExchangeInMemory({ headers: { authorization } }))).toMatchObject({
        status: 401,
        code: 'jwt-validation.missing',
        headers: { 'www-authenticate': 'Bearer' },
      })
    }
  })

  it('takes the word Bearer in any case', async () => {
    const exchange = new ExchangeInMemory({ headers: { authorization: `bEARER ${good}` } })
    expect(await prepared().ask(exchange)).toBeUndefined()
  })

  it.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])(
    'verifies %s with a PEM, its base64 and a JWK',
    async (alg) => {
      const issuer = await testIssuer(alg)
      const token = await issuer.sign({ alg }, claims)
      const bare = issuer.pem.replace(/-----[A-Z ]+-----/g, '')
      for (const textKey of [issuer.pem, bare, JSON.stringify(issuer.jwk)])
        expect(await refusalOf(token, { textKey, allowedAlgorithms: [alg] })).toBeUndefined()
    },
  )

  it('verifies HMAC with a shared secret', async () => {
    const secret = 's'.repeat(32)
    const token = await signedBySecret(new TextEncoder().encode(secret), { alg: 'HS256' }, claims)
    expect(await refusalOf(token, { textKey: secret, signingMethod: 'hmac' })).toBeUndefined()
    expectRefused(await refusalOf(token, { textKey: 't'.repeat(32), signingMethod: 'hmac' }), 'signature')
  })
})

describe('a bad token is refused as 401 that says which check it was:', () => {
  const [head = '', body = '', signature = ''] = good.split('.')
  const withHead = (change: object) => rsa.sign({ ...header, ...change }, claims)
  const withClaims = (change: object | string) =>
    rsa.sign(header, typeof change === 'string' ? change : { ...claims, ...change })
  const json = JSON.stringify(claims).slice(1, -1)
  // The last letter of this signature stands for bits that belong to no byte: another spelling of the same bytes.
  const respelt =
    signature.slice(0, -1) +
    (signature.endsWith('A') ? 'B' : signature.endsWith('Q') ? 'R' : signature.endsWith('g') ? 'h' : 'x')

  const table: readonly [what: string, token: string | Promise<string>, check: string][] = [
    ['no token behind the word', '', 'malformed'],
    ['one part', 'abc', 'malformed'],
    ['two parts', `${head}.${body}`, 'malformed'],
    ['four parts', `${good}.x`, 'malformed'],
    ['five parts (encrypted)', `${good}.x.y`, 'malformed'],
    ['alg none with a signature', withHead({ alg: 'none' }), 'algorithm'],
    ['alg none without a signature', `${part({ alg: 'none' })}.${body}.`, 'algorithm'],
    ['alg None', `${part({ alg: 'None' })}.${body}.`, 'algorithm'],
    ['alg nOnE', `${part({ alg: 'nOnE' })}.${body}.`, 'algorithm'],
    ['no alg', withHead({ alg: undefined }), 'malformed'],
    ['alg as a number', withHead({ alg: 256 }), 'malformed'],
    ['an algorithm that is not allowed', withHead({ alg: 'RS512' }), 'algorithm'],
    ['an algorithm that does not exist', withHead({ alg: 'XX999' }), 'algorithm'],
    ['alg __proto__', withHead({ alg: '__proto__' }), 'algorithm'],
    ['HS256 with the public key as the secret', signedBySecret(new TextEncoder().encode(rsa.pem), { ...header, alg: 'HS256' }, claims), 'algorithm'],
    ['HS256 with the modulus as the secret', signedBySecret(new TextEncoder().encode(rsa.jwk.n ?? ''), { alg: 'HS256' }, claims), 'algorithm'],
    ['ES256 signed by another kind of key', ec.sign({ alg: 'ES256' }, claims), 'algorithm'],
    ['an empty signature', `${head}.${body}.`, 'signature'],
    ['another signature', `${head}.${body}.${base64url.encode(new Uint8Array(256))}`, 'signature'],
    ['the signature of another key', other.sign(header, claims), 'signature'],
    ['claims changed after signing', `${head}.${part({ ...claims, sub: 'eve' })}.${signature}`, 'signature'],
    ['header changed after signing', `${part({ ...header, typ: 'JWT' })}.${body}.${signature}`, 'signature'],
    ['jku', withHead({ jku: 'https://evil.example/jwks' }), 'malformed'],
    ['x5u', withHead({ x5u: 'https://evil.example/cert' }), 'malformed'],
    ['x5c', withHead({ x5c: ['MIIB'] }), 'malformed'],
    ['a key of its own', other.sign({ ...header, jwk: other.jwk }, claims), 'malformed'],
    ['crit', withHead({ crit: ['exp'] }), 'malformed'],
    ['empty crit', withHead({ crit: [] }), 'malformed'],
    ['unencoded payload', withHead({ b64: false }), 'malformed'],
    ['kid as an object', withHead({ kid: {} }), 'malformed'],
    ['a very long kid', withHead({ kid: 'k'.repeat(501) }), 'malformed'],
    ['another kind of token', withHead({ typ: 'logout+jwt' }), 'malformed'],
    ['padding', `${head}=.${body}.${signature}`, 'malformed'],
    ['padding at the end', `${good}==`, 'malformed'],
    ['a space inside', `${head}. ${body}.${signature}`, 'malformed'],
    ['a second token behind a space', `${good} ${good}`, 'malformed'],
    ['a comma and another token', `${good},${good}`, 'malformed'],
    ['base64 instead of base64url', `${head}+/.${body}.${signature}`, 'malformed'],
    ['bits behind the last byte', `${head}.${body}.${respelt}`, 'malformed'],
    ['a length that no bytes have', `${head}A.${body}.${signature}`, 'malformed'],
    ['a header that is no JSON', `${part('nonsense')}.${body}.${signature}`, 'malformed'],
    ['a header that is a list', `${part('[]')}.${body}.${signature}`, 'malformed'],
    ['a header with a byte order mark', rsa.sign(`\uFEFF${JSON.stringify(header)}`, claims), 'malformed'],
    ['bytes that are no UTF-8', `${head}.${base64url.encode(new Uint8Array([0x7b, 0xff, 0x7d]))}.${signature}`, 'malformed'],
    ['claims that are no JSON', withClaims('{'), 'malformed'],
    ['claims that are null', withClaims('null'), 'malformed'],
    ['a name twice in the header', rsa.sign('{"alg":"RS256","alg":"none"}', claims), 'malformed'],
    ['a name twice in the claims', withClaims(`{${json},"sub":"eve"}`), 'malformed'],
    ['a name twice, spelt otherwise', withClaims(`{${json},"\\u0073ub":"eve"}`), 'malformed'],
    ['a name twice further in', withClaims(`{${json},"a":[{"b":1,"b":2}]}`), 'malformed'],
    ['claims nested very deep', withClaims(`{${json},"a":${'['.repeat(40)}${']'.repeat(40)}}`), 'malformed'],
    ['100 KB', `${head}.${'A'.repeat(100_000)}.${signature}`, 'malformed'],
    ['exp 1e400', withClaims(`{"sub":"jane","exp":1e400}`), 'malformed'],
    ['exp as a text', withClaims({ exp: String(now + 600) }), 'claim'],
    ['exp as null', withClaims({ exp: null }), 'claim'],
    ['exp as a list', withClaims({ exp: [now + 600] }), 'claim'],
    ['no exp', withClaims({ exp: undefined }), 'claim'],
    ['expired', withClaims({ exp: now - 11 }), 'expired'],
    ['exp 0', withClaims({ exp: 0 }), 'expired'],
    ['a negative exp', withClaims({ exp: -1 }), 'expired'],
    ['nbf in the future', withClaims({ nbf: now + 11 }), 'not_yet_valid'],
    ['nbf as a text', withClaims({ nbf: '0' }), 'claim'],
    ['iat as an object', withClaims({ iat: {} }), 'claim'],
    ['another issuer', withClaims({ iss: 'https://login.example.evil' }), 'issuer'],
    ['no issuer', withClaims({ iss: undefined }), 'issuer'],
    ['issuers as a list', withClaims({ iss: ['https://login.example'] }), 'issuer'],
    ['another audience', withClaims({ aud: 'billing' }), 'audience'],
    ['audiences without ours', withClaims({ aud: ['billing', 'order'] }), 'audience'],
    ['an audience that is an object', withClaims({ aud: { orders: true } }), 'audience'],
    ['no audience', withClaims({ aud: undefined }), 'claim'],
    ['a client without a contract', withClaims({ client_id: 'stranger' }), 'client'],
    ['no client', withClaims({ client_id: undefined }), 'client'],
    ['client __proto__', withClaims({ client_id: '__proto__' }), 'client'],
  ] // biome-ignore format: a table
  it.each(table)('%s', async (_what, token, check) => {
    expectRefused(await refusalOf(await token), check)
  })

  it('what a refusal says holds neither token nor key', async () => {
    for (const [, token] of table) {
      const refusal = JSON.stringify(await refusalOf(await token))
      expect(refusal).not.toContain(signature)
      expect(refusal).not.toContain('eve')
    }
  })

  it('several Authorization headers, even when each is good', async () => {
    const exchange = new ExchangeInMemory({
      headers: { authorization: [`Bearer ${good}`, `Bearer ${good}`] },
    })
    expectRefused(await prepared().ask(exchange), 'malformed')
    const beside = new ExchangeInMemory({ headers: { authorization: ['Basic x', `Bearer ${good}`] } })
    expectRefused(await prepared().ask(beside), 'malformed')
  })

  it('several values where an expression looks', async () => {
    const config = { jwtOrigin: 'customExpression', jwtExpression: "#[attributes.headers['jwt']]" }
    const exchange = new ExchangeInMemory({ headers: { jwt: [good, good] } })
    expectRefused(await prepared(config).ask(exchange), 'malformed')
  })

  it('a verified token that was changed afterwards', async () => {
    const { ask } = prepared()
    await ask(bearing(good))
    expectRefused(await ask(bearing(`${head}.${part({ ...claims, sub: 'eve' })}.${signature}`)), 'signature')
  })
})

describe('the claims of a token', () => {
  it('may be off by the leeway and no more', async () => {
    const token = await rsa.sign(header, { ...claims, exp: now - 59, nbf: now + 60 })
    expect(await refusalOf(token, { leeway: 60 })).toBeUndefined()
    expectRefused(await refusalOf(token, { leeway: 59 }), 'expired')
    expect(jwtValidation.config.safeParse({ ...byText, leeway: 61 }).success).toBe(false)
  })

  it('may lack what is not asked for', async () => {
    const token = await rsa.sign(header, { client_id: 'shop' })
    const config = { issuers: [], mandatoryExpClaim: false, mandatoryAudClaim: false }
    expect(await refusalOf(token, config)).toBeUndefined()
    expectRefused(await refusalOf(token, { ...config, mandatoryNbfClaim: true }), 'claim')
    expectRefused(await refusalOf(token, { ...config, mandatoryAudClaim: true }), 'claim')
  })

  it('are held to what must and what may be in them', async () => {
    const token = await rsa.sign(header, { ...claims, tier: 'gold', level: 3, realm: { roles: ['a', 'b'] } })
    const must = (key: string, value: string) => ({ mandatoryCustomClaims: [{ key, value }] })
    const may = (key: string, value: string) => ({ nonMandatoryCustomClaims: [{ key, value }] })
    for (const config of [
      must('tier', 'gold'),
      must('level', '3'),
      must('realm.roles', 'b'),
      may('none', 'x'),
      may('tier', 'gold'),
    ])
      expect(await refusalOf(token, config)).toBeUndefined()
    for (const config of [
      must('tier', 'silver'),
      must('none', 'x'),
      must('realm', 'a'),
      may('tier', 'silver'),
      must('toString', 'x'),
    ])
      expectRefused(await refusalOf(token, config), 'claim')
  })

  it('whose names no header can hold are named as far as one can', async () => {
    const refusal = await refusalOf(good, { mandatoryCustomClaims: [{ key: 'a"ü\r\nb', value: 'x' }] })
    expect(refusal?.headers?.['www-authenticate']).toBe(
      'Bearer error="invalid_token", error_description="The token has no claim a????b."',
    )
  })

  it('cannot be changed by a policy that looks at them', async () => {
    const exchange = bearing(await rsa.sign(header, { ...claims, roles: ['a'] }))
    await prepared().ask(exchange)
    const { roles } = exchange.claims ?? {}
    expect([Object.isFrozen(exchange.claims), Object.isFrozen(roles)]).toEqual([true, true])
  })

  it('are compared with what the request says', async () => {
    const config = { mandatoryCustomClaims: [{ key: 'tenant', value: "#[attributes.headers['x-tenant']]" }] }
    const token = await rsa.sign(header, { ...claims, tenant: 'a' })
    const { ask } = prepared(config)
    expect(await ask(bearing(token, { headers: { 'x-tenant': 'a' } }))).toBeUndefined()
    expectRefused(await ask(bearing(token, { headers: { 'x-tenant': 'b' } })), 'claim')
    expectRefused(await ask(bearing(token)), 'claim')
  })

  it('are judged by formulas over all of them', async () => {
    const token = await rsa.sign(header, { ...claims, level: 3, scope: ['read'], vip: true })
    const must = (key: string, value: string) => ({ mandatoryCustomClaims: [{ key, value }] })
    for (const config of [
      must('level', '#[vars.claimSet.level >= 3]'),
      must('scope', "#[vars.claimSet.scope contains 'read']"),
      must('sub', "#[lower(vars.claimSet.sub) == 'jane']"),
      must('vip', '#[vars.claimSet.vip]'),
    ])
      expect(await refusalOf(token, config), JSON.stringify(config)).toBeUndefined()
    for (const config of [
      must('level', '#[vars.claimSet.level > 3]'),
      must('level', '#[vars.claimSet.none]'),
    ])
      expectRefused(await refusalOf(token, config), 'claim')
  })

  it('go into headers, and what the caller sent under those names goes away', async () => {
    const claimsToHeaders = ['sub', 'roles', 'name', 'level', 'none'].map((claim) => ({
      claim,
      header: `X-${claim}`,
    }))
    const token = await rsa.sign(header, { ...claims, roles: ['a', 'ü'], name: 'Jörg\r\nx: y', level: 3 })
    const exchange = bearing(token, { headers: { 'x-none': 'forged', 'x-sub': ['forged', 'twice'] } })
    expect(await prepared({ claimsToHeaders }).ask(exchange)).toBeUndefined()
    expect(Object.fromEntries(exchange.requestHeaders)).toMatchObject({
      'x-sub': ['jane'],
      'x-roles': ['["a","\\u00fc"]'],
      'x-name': ['J%C3%B6rg%0D%0Ax%3A%20y'],
      'x-level': ['3'],
    })
    expect(exchange.header('x-none')).toBeUndefined()
    const refused = bearing('nonsense', { headers: { 'x-sub': 'forged' } })
    await prepared({ claimsToHeaders }).ask(refused)
    expect(refused.header('x-sub')).toBeUndefined()
  })

  it('name the client: client_id, else azp, else what an expression finds', async () => {
    const azp = await rsa.sign(header, { ...claims, client_id: undefined, azp: 'shop' })
    expect(await refusalOf(azp)).toBeUndefined()
    const appid = await rsa.sign(header, { ...claims, client_id: 'stranger', appid: 'shop' })
    for (const clientIdExpression of ['#[authentication.claims.appid]', '#[vars.claimSet.appid]'])
      expect(await refusalOf(appid, { clientIdExpression })).toBeUndefined()
  })

  it('may be of any client when told so', async () => {
    const token = await rsa.sign(header, { ...claims, client_id: 'stranger' })
    const exchange = bearing(token)
    expect(await prepared({ skipClientIdValidation: true }).ask(exchange)).toBeUndefined()
    expect(exchange.client).toBeUndefined()
  })
})

describe('an open socket', () => {
  it('has a new token judged by the same rules, and its exchange stays as it is', async () => {
    const exchange = bearing(good, { upgrades: true })
    const { ask, ports } = prepared()
    await ask(exchange)
    const renewed = { ...claims, exp: now + 1_200 }
    expect(await exchange.renewIdentity?.(await rsa.sign(header, renewed))).toEqual(renewed)
    for (const bad of [
      await other.sign(header, renewed),
      await rsa.sign(header, { ...renewed, aud: 'billing' }),
      await rsa.sign(header, { ...renewed, exp: now - 20 }),
      await rsa.sign(header, { ...renewed, client_id: 'stranger' }),
      'nonsense',
      '',
    ])
      expect(await exchange.renewIdentity?.(bad)).toBeUndefined()
    expect([exchange.claims, exchange.client]).toEqual([claims, shop])
    ports.clock.ms += 700_000
    expect(await exchange.renewIdentity?.(good)).toBeUndefined()
  })

  it('is the only one that is offered that', async () => {
    const exchange = bearing(good)
    await prepared().ask(exchange)
    expect(exchange.renewIdentity).toBeUndefined()
  })
})

describe('the configuration', () => {
  const faultsOf = (config: Record<string, unknown>) =>
    jwtValidation.config.safeParse(config).error?.issues.map((issue) => issue.path.join('/')) ?? []

  it('takes lists that are written with commas', () => {
    const config = jwtValidation.config.parse({
      jwksUrl: 'https://a.example/k, https://b.example/k',
      supportedAudiences: 'a, b',
    })
    expect([config.jwksUrl, config.supportedAudiences]).toEqual([
      ['https://a.example/k', 'https://b.example/k'],
      ['a', 'b'],
    ])
    expect(jwtValidation.config.parse(config)).toEqual(config)
  })

  it.each([
    ['tokens without a signature', { ...byText, signingMethod: 'none' }, 'signingMethod'],
    ['none among the algorithms', { ...byText, allowedAlgorithms: ['none'] }, 'allowedAlgorithms/0'],
    ['secrets and public keys at once', { ...byText, allowedAlgorithms: ['RS256', 'HS256'] }, 'allowedAlgorithms'],
    ['a published secret', { jwksUrl: 'https://a.example/k', signingMethod: 'hmac' }, 'signingMethod'],
    ['no key set', {}, 'jwksUrl'],
    ['a key set on the cloud’s own address', { jwksUrl: 'http://169.254.169.254/' }, 'jwksUrl/0'],
    ['a key set in a file', { jwksUrl: 'file:///etc/keys' }, 'jwksUrl/0'],
    ['a key set with a password', { jwksUrl: 'https://a:b@c.example/' }, 'jwksUrl/0'],
    ['no key', { jwtKeyOrigin: 'text' }, 'textKey'],
    ['nonsense for a key', { ...byText, textKey: 'nonsense!' }, 'textKey'],
    ['half a key', { ...byText, textKey: rsa.pem.replace(/\n.*\n-----END/, '\n-----END') }, 'textKey'],
    ['a key of another kind', { ...byText, textKey: ec.pem }, 'textKey'],
    ['a short secret', { ...byText, signingMethod: 'hmac', textKey: 's'.repeat(31) }, 'textKey'],
    ['a secret too short for its length', { ...byText, signingMethod: 'hmac', signingKeyLength: 512, textKey: 's'.repeat(63) }, 'textKey'],
    ['a public key for a secret', { ...byText, signingMethod: 'hmac' }, 'textKey'],
    ['a private key', { ...byText, textKey: '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----' }, 'textKey'],
    ['a certificate', { ...byText, textKey: '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----' }, 'textKey'],
    ['RSA with e = 1', { ...byText, textKey: JSON.stringify({ ...rsa.jwk, e: 'AQ' }) }, 'textKey'],
    ['RSA with an even e', { ...byText, textKey: JSON.stringify({ ...rsa.jwk, e: 'AQAA' }) }, 'textKey'],
    ['RSA of 1024 bits', { ...byText, textKey: JSON.stringify({ ...rsa.jwk, n: rsa.jwk.n?.slice(0, 172) }) }, 'textKey'],
    ['a curve that is not used', { ...byText, signingMethod: 'es', textKey: JSON.stringify({ ...ec.jwk, crv: 'secp256k1' }) }, 'textKey'],
    ['an origin without its expression', { ...byText, jwtOrigin: 'customExpression' }, 'jwtExpression'],
    ['other variables', { ...byText, clientIdExpression: '#[vars.orgId]' }, 'clientIdExpression'],
    ['a claim that is no formula', { ...byText, mandatoryCustomClaims: [{ key: 'a', value: '#[payload]' }] }, 'mandatoryCustomClaims/0/value'],
    ['an audience check without audiences', { ...byText, supportedAudiences: [] }, 'supportedAudiences'],
    ['two claims into one header', { ...byText, claimsToHeaders: [{ claim: 'a', header: 'x' }, { claim: 'b', header: 'X' }] }, 'claimsToHeaders'],
    ['a claim into Host', { ...byText, claimsToHeaders: [{ claim: 'a', header: 'Host' }] }, 'claimsToHeaders/0/header'],
    ['what it does not know', { ...byText, algorithm: 'RS256' }, ''],
  ])('refuses %s', (_what, config, path) => {
    expect(faultsOf(config)).toEqual([path])
  }) // biome-ignore format: a table
})
