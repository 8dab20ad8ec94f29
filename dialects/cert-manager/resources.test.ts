import { describe, expect, it } from 'vitest'
import { durationMs, isGoDuration, writtenDuration } from './duration.ts'
import { certificate, clusterIssuer, issuer, writtenCertificate } from './resources.ts'

const hourMs = 3_600_000

describe('durations', () => {
  it.each([
    ['90d', 2160 * hourMs],
    ['2160h', 2160 * hourMs],
    ['1h30m', 1.5 * hourMs],
    ['1.5h', 1.5 * hourMs],
    ['2160h0m0s', 2160 * hourMs],
    ['250ms', 250],
  ])('%s is read', (text, ms) => expect(durationMs(text)).toBe(ms))

  it.each(['', '90', '90 d', '-1h', 'P90D', '1w', 'h', '1h '])('"%s" is none', (text) =>
    expect(durationMs(text)).toBeUndefined(),
  )

  it('are written as cert-manager takes them, without days', () => {
    expect(writtenDuration(2160 * hourMs)).toBe('2160h')
    expect(writtenDuration(1.5 * hourMs)).toBe('90m')
    expect(writtenDuration(1)).toBe('1ms')
    expect([isGoDuration('90d'), isGoDuration('2160h')]).toEqual([false, true])
  })
})

const server = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'shop-server', namespace: 'shop' },
  spec: {
    secretName: 'shop-server',
    duration: '60d',
    renewBefore: '20d',
    isCA: false,
    privateKey: { algorithm: 'ECDSA', size: 384 },
    usages: ['server auth'],
    dnsNames: ['shop.example', '*.shop.example'],
    issuerRef: { name: 'shop-ca', kind: 'ClusterIssuer' },
  },
}

function faultsOf(change: Record<string, unknown>) {
  const parsed = certificate.safeParse({ ...server, spec: { ...server.spec, ...change } })
  return parsed.error?.issues.map(({ path, message }) => `/${path.join('/')} ${message}`) ?? []
}

describe('a Certificate', () => {
  it('is read whole and written with hours in the place of days', () => {
    const read = certificate.parse(server)
    expect(writtenCertificate(read).spec).toEqual({
      ...server.spec,
      duration: '1440h',
      renewBefore: '480h',
    })
    expect(certificate.parse(writtenCertificate(read))).toEqual(writtenCertificate(read))
  })

  it.each([
    [{ duration: '60 days' }, '/spec/duration must be a duration such as 2160h (90d is read too)'],
    [{ renewBefore: '60d' }, '/spec/renewBefore must be shorter than the duration of 60d'],
    [
      { privateKey: { algorithm: 'RSA', size: 1024 } },
      '/spec/privateKey/size RSA keys have 2048, 3072, 4096, 8192 bits',
    ],
    [
      { dnsNames: [] },
      '/spec names nobody: give a commonName, dnsNames, ipAddresses, uris or emailAddresses',
    ],
  ])('%j is refused', (change, fault) => expect(faultsOf(change)).toEqual([fault]))

  it('without a Secret, an issuer or a known usage is refused', () => {
    expect(faultsOf({ secretName: undefined })).not.toEqual([])
    expect(faultsOf({ issuerRef: {} })).not.toEqual([])
    expect(faultsOf({ usages: ['server'] })).not.toEqual([])
  })
})

describe('an issuer', () => {
  it('has exactly one kind', () => {
    const one = { apiVersion: 'cert-manager.io/v1', metadata: { name: 'shop-ca' }, spec: { selfSigned: {} } }
    expect(clusterIssuer.safeParse({ ...one, kind: 'ClusterIssuer' }).success).toBe(true)
    expect(issuer.safeParse({ ...one, kind: 'Issuer', spec: {} }).error?.issues[0]?.message).toBe(
      'must have one of selfSigned, ca, acme, vault, venafi',
    )
    expect(issuer.safeParse({ ...one, kind: 'Issuer', spec: { selfSigned: {}, ca: {} } }).success).toBe(false)
  })
})
