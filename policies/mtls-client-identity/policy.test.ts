import { describe, expect, it } from 'vitest'
import type { SubjectAltName } from '#domain/certificate.ts'
import type { PeerCertificate, TlsSession } from '../exchange.ts'
import { ExchangeInMemory, portsInMemory, type WorldInMemory } from '../exchange-in-memory.ts'
import { canonicalName, isDistinguishedName } from '#domain/distinguished-name.ts'
import { clientCertElement } from './forwarded-client-cert.ts'
import { mtlsClientIdentity } from './policy.ts'

const header = 'x-forwarded-client-cert'
const uri = (value: string): SubjectAltName => ({ type: 'uri', value })

const peer: PeerCertificate = {
  subject: 'CN=shop,O=Partner\\, Inc.,C=DE',
  issuer: 'CN=Issuing CA,O=Partner,C=DE',
  serialNumber: '4a',
  sha256: 'ab'.repeat(32),
  subjectAltNames: [uri('spiffe://td/shop'), { type: 'dns', value: 'shop.partner.example' }],
  notBefore: 0,
  notAfter: 1,
  pem: '',
}
const session = (shown: PeerCertificate | undefined): TlsSession => ({
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  serverName: 'a.example',
  peer: shown,
})
const element = `Hash=${'ab'.repeat(32)};Subject="CN=shop,O=Partner\\\\, Inc.,C=DE";URI=spiffe://td/shop;DNS=shop.partner.example`

function ask(
  config: Record<string, unknown>,
  given: { tls?: TlsSession; headers?: Record<string, string | string[]> } = { tls: session(peer) },
  world: WorldInMemory = {},
) {
  const prepared = mtlsClientIdentity.prepare(
    mtlsClientIdentity.config.parse(config),
    portsInMemory({}, world),
  )
  const exchange = new ExchangeInMemory(given)
  return { answer: prepared.onRequest?.(exchange), exchange }
}

describe('who may call', () => {
  it('is nobody without a certificate', () => {
    for (const given of [{}, { tls: session(undefined) }])
      expect(ask({}, given).answer).toMatchObject({ status: 401, code: 'mtls-client-identity.missing' })
  })

  it('is whoever has one, unless names, subjects or issuers are listed', () => {
    expect(ask({}).answer).toBeUndefined()
    const cases: [Record<string, unknown>, string | undefined][] = [
      [{ subjectAltNames: ['spiffe://td/*'] }, undefined],
      [{ subjectAltNames: ['spiffe://other/*'] }, 'san_not_allowed'],
      [{ subjects: ['cn=shop, O=Partner\\, Inc., C=DE'] }, undefined],
      [{ subjects: ['CN=shop'] }, 'subject_not_allowed'],
      [{ subjects: ['C=DE,O=Partner\\, Inc.,CN=shop'] }, 'subject_not_allowed'],
      [{ issuers: ['CN=Issuing CA,O=Partner,C=DE'] }, undefined],
      [{ issuers: ['CN=Other CA'] }, 'issuer_not_allowed'],
      [{ subjectAltNames: ['spiffe://td/*'], issuers: ['CN=Other CA'] }, 'issuer_not_allowed'],
    ]
    for (const [config, code] of cases) {
      const { answer } = ask(config)
      if (code === undefined) expect(answer, JSON.stringify(config)).toBeUndefined()
      else expect(answer).toMatchObject({ status: 403, code: `mtls-client-identity.${code}` })
    }
  })
})

describe('the client', () => {
  const client = { id: 'spiffe://td/shop', name: 'Shop' }

  it('is found by a name or by the subject', () => {
    const bySan = ask({ mapToConsumer: true }, undefined, { clientsById: { 'spiffe://td/shop': client } })
    expect(bySan.exchange.client).toEqual(client)
    const bySubject = ask({ mapToConsumer: true }, undefined, { clientsById: { [peer.subject]: client } })
    expect(bySubject.exchange.client).toEqual(client)
  })

  it('is refused where nobody is found', () => {
    const { answer } = ask({ mapToConsumer: true }, undefined, { clientsById: { shop: client } })
    expect(answer).toMatchObject({ status: 403, code: 'mtls-client-identity.unknown_client' })
  })
})

describe('what the upstream hears', () => {
  const forged = { tls: session(peer), headers: { [header]: ['Hash=1', 'Hash=2'] } }

  it.each([
    [undefined, []],
    ['sanitize', [element]],
    ['append', [`Hash=1,Hash=2,${element}`]],
    ['forward', ['Hash=1,Hash=2']],
  ])('with %s', (forwardHeader, expected) => {
    const { exchange } = ask(forwardHeader === undefined ? {} : { forwardHeader }, forged)
    expect(exchange.headerValues(header)).toEqual(expected)
  })

  it('is nothing where nothing came and it is only passed on', () => {
    expect(ask({ forwardHeader: 'forward' }).exchange.headerValues(header)).toEqual([])
  })

  it('names the gateway by the URI of its own certificate', () => {
    const server = { type: 'server', subject: 'CN=a', subjectAltNames: [uri('spiffe://td/gate')] } as const
    const certificates = [{ ...server, serialNumber: '1', notBefore: 0, notAfter: 1 }]
    const { exchange } = ask({ forwardHeader: 'sanitize' }, undefined, { certificates })
    expect(exchange.header(header)).toBe(`By=spiffe://td/gate;${element}`)
  })

  it('cannot be broken out of by names and subjects', () => {
    const odd = clientCertElement(
      { ...peer, subject: 'CN=a"\\,Hash\\=x\nß', subjectAltNames: [uri('x://a,b;c="d"')] },
      [],
    )
    expect(odd).toBe(
      `Hash=${peer.sha256};Subject="CN=a\\"\\\\,Hash\\\\=x\\\\0a\\\\c3\\\\9f";URI="x://a,b;c=\\"d\\""`,
    )
    expect(odd).toMatch(/^[\x20-\x7e]+$/)
  })
})

describe('a configuration', () => {
  it('is refused where it cannot be meant', () => {
    for (const config of [
      { subjectAltNames: ['*'] },
      { subjects: ['shop'] },
      { issuers: ['CN=a,shop'] },
      { forwardHeader: 'always' },
      { mapToConsumer: 'yes' },
      { other: 1 },
    ])
      expect(mtlsClientIdentity.config.safeParse(config).success, JSON.stringify(config)).toBe(false)
  })
})

describe('a distinguished name', () => {
  it('has one form', () => {
    expect(canonicalName('CN=a b , o = x\\, y+OU=z,C=DE')).toBe('cn=a b,o=x\\, y+ou=z,c=DE')
    expect(isDistinguishedName('2.5.4.3=a,UID=b')).toBe(true)
    expect(isDistinguishedName('')).toBe(false)
  })
})
