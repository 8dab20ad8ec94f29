import { describe, expect, it } from 'vitest'
import { bindingCheck } from './certificate-binding.ts'
import type { PeerCertificate, TlsSession } from './exchange.ts'
import { ExchangeInMemory, portsInMemory } from './exchange-in-memory.ts'
import { jwtValidation } from './jwt-validation/policy.ts'
import { testIssuer } from './jwt-validation/tokens-in-tests.ts'
import { oauth2TokenIntrospection } from './oauth2-token-introspection/policy.ts'

// The thumbprint of RFC 8705 appendix A, and the bytes that it stands for.
const thumbprint = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0'
const sha256 = '0380ed2f626650c840b2f263e6d2b29fae12ab39ae5db32b25ad27efad72e6fd'

const peerOf = (hex: string): PeerCertificate => ({
  subject: 'CN=shop',
  issuer: 'CN=CA',
  serialNumber: '1',
  sha256: hex,
  subjectAltNames: [],
  notBefore: 0,
  notAfter: 1,
  pem: '',
})
const over = (peer: PeerCertificate | undefined): TlsSession => ({
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  serverName: undefined,
  peer,
})
const holder = over(peerOf(sha256))
const another = over(peerOf('ab'.repeat(32)))
const bound = { cnf: { 'x5t#S256': thumbprint } }

describe('a token bound to a certificate', () => {
  const check = bindingCheck('test', false)

  it('passes with that certificate alone', () => {
    expect(check(bound, holder)).toBeUndefined()
    for (const tls of [another, over(undefined), undefined])
      expect(check(bound, tls)).toMatchObject({
        status: 401,
        code: 'test.certificate_binding',
        headers: { 'www-authenticate': expect.stringMatching(/^Bearer error="invalid_token"/) },
      })
  })

  it('is spelt in one way', () => {
    for (const text of [`${thumbprint}=`, thumbprint.toLowerCase(), ` ${thumbprint}`, sha256, ''])
      expect(check({ cnf: { 'x5t#S256': text } }, holder)).toMatchObject({ code: 'test.certificate_binding' })
  })

  it.each([
    [{ jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' }],
    [{ 'x5t#S256': thumbprint, jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' }],
    [{ jwk: {} }],
    [{ kid: 'k1' }],
    [{ 'x5t#S256': 1 }],
    [{ 'x5t#S256': [thumbprint] }],
    [{}],
    [[]],
    [[thumbprint]],
    [thumbprint],
    [null],
    [false],
  ])('in a way that is not known is refused: %j', (cnf) => {
    expect(check({ cnf }, holder)).toMatchObject({ status: 401, code: 'test.confirmation' })
  })

  it('is the only one that passes where that is asked for', () => {
    const strict = bindingCheck('test', true)
    expect(check({}, undefined)).toBeUndefined()
    expect(strict({}, holder)).toMatchObject({ status: 401, code: 'test.not_bound' })
    expect(strict(bound, holder)).toBeUndefined()
    expect(strict(bound, another)).toMatchObject({ code: 'test.certificate_binding' })
  })
})

const issuer = await testIssuer('ES256')
const claims = { sub: 'jane', exp: 4_000_000_000 }
const ofConnection = (tls: TlsSession | undefined, token: string, upgrades = false) =>
  new ExchangeInMemory({
    headers: { authorization: `Bearer ${token}` },
    upgrades,
    ...(tls === undefined ? {} : { tls }),
  })

describe('jwt-validation', () => {
  const prepared = (config: object = {}) =>
    jwtValidation.prepare(
      jwtValidation.config.parse({
        jwtKeyOrigin: 'text',
        textKey: issuer.pem,
        signingMethod: 'es',
        skipClientIdValidation: true,
        ...config,
      }),
      portsInMemory(),
    )
  const signed = (more: object = bound) => issuer.sign({ alg: 'ES256' }, { ...claims, ...more })

  it('looks at the binding of each request, of a token that it remembers too', async () => {
    const policy = prepared()
    const token = await signed()
    expect(await policy.onRequest?.(ofConnection(holder, token))).toBeUndefined()
    for (const tls of [another, undefined]) {
      const exchange = ofConnection(tls, token)
      // Without a promise: the token itself is not verified again.
      expect(policy.onRequest?.(exchange)).toMatchObject({ code: 'jwt-validation.certificate_binding' })
      expect(exchange.claims).toBeUndefined()
    }
    expect(policy.onRequest?.(ofConnection(holder, token))).toBeUndefined()
  })

  it('takes unbound tokens unless told otherwise', async () => {
    const token = await signed({})
    expect(await prepared().onRequest?.(ofConnection(undefined, token))).toBeUndefined()
    const strict = prepared({ tlsClientCertificateBoundAccessTokens: true })
    expect(await strict.onRequest?.(ofConnection(holder, token))).toMatchObject({
      status: 401,
      code: 'jwt-validation.not_bound',
    })
  })

  it('renews a socket with tokens bound to its own certificate alone', async () => {
    const exchange = ofConnection(holder, await signed(), true)
    await prepared().onRequest?.(exchange)
    expect(await exchange.renewIdentity?.(await signed({ ...bound, later: 1 }))).toMatchObject({ later: 1 })
    const cnf = { 'x5t#S256': thumbprint.toLowerCase() }
    expect(await exchange.renewIdentity?.(await signed({ cnf }))).toBeUndefined()
    expect(await exchange.renewIdentity?.(await signed({ cnf: { jkt: 'x' } }))).toBeUndefined()
  })
})

describe('oauth2-token-introspection', () => {
  function prepared(answer: object, config: object = {}) {
    let asked = 0
    const ports = portsInMemory(
      {},
      {
        answer: () => {
          asked++
          return { status: 200, headers: {}, body: JSON.stringify({ active: true, ...claims, ...answer }) }
        },
      },
    )
    const parsed = oauth2TokenIntrospection.config.parse({
      introspectionURL: 'https://login.example/introspect',
      skipClientIdValidation: true,
      ...config,
    })
    const policy = oauth2TokenIntrospection.prepare(parsed, ports)
    return { policy, asked: () => asked }
  }

  it('looks at the binding that the issuer names, of an answer that it remembers too', async () => {
    const { policy, asked } = prepared(bound)
    expect(await policy.onRequest?.(ofConnection(holder, 'abc'))).toBeUndefined()
    const exchange = ofConnection(another, 'abc')
    expect(policy.onRequest?.(exchange)).toMatchObject({
      status: 401,
      code: 'oauth2-token-introspection.certificate_binding',
    })
    expect(exchange.claims).toBeUndefined()
    expect(asked()).toBe(1)
  })

  it('takes unbound tokens unless told otherwise', async () => {
    expect(await prepared({}).policy.onRequest?.(ofConnection(undefined, 'abc'))).toBeUndefined()
    const { policy } = prepared({}, { tlsClientCertificateBoundAccessTokens: true })
    expect(await policy.onRequest?.(ofConnection(holder, 'abc'))).toMatchObject({
      code: 'oauth2-token-introspection.not_bound',
    })
  })

  it('renews a socket with tokens bound to its own certificate alone', async () => {
    for (const [answer, isGood] of [
      [bound, true],
      [{ cnf: { jkt: 'x' } }, false],
    ] as const) {
      const { policy } = prepared(answer)
      const exchange = ofConnection(holder, 'abc', true)
      await policy.onRequest?.(exchange)
      const renewed = await exchange.renewIdentity?.('def')
      expect(renewed !== undefined).toBe(isGood)
    }
  })
})
