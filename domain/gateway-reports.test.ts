import { expect, it } from 'vitest'
import { usualWatch } from './certificate.ts'
import { troubleOf } from './gateway-reports.ts'
import type { CertificateReport, UpstreamReport } from './node-report.ts'

const now = new Date('2026-11-20T12:00:00Z')
const days = (count: number) => new Date(now.getTime() + count * 86_400_000).toISOString()

function certificate(subject: string, notAfter: string, more: Partial<CertificateReport> = {}) {
  return {
    use: 'listener' as const,
    apiId: 'a',
    subject,
    notBefore: days(-300),
    notAfter,
    sha256: subject,
    ...more,
  }
}

const well: UpstreamReport = {
  connections: 0,
  pending: 0,
  circuitsOpen: 0,
  retries: 0,
  endpoints: 1,
  unhealthyEndpoints: 0,
  ejectedEndpoints: 0,
}

it('counts certificates that expire and upstreams in trouble, each once over all nodes', () => {
  const certificates = [
    certificate('gone', days(-1)),
    certificate('soon', days(3)),
    certificate('later', days(29)),
    certificate('fine', days(31)),
    certificate('later', days(29), { use: 'upstream' }),
  ]
  const upstreams = { broken: { ...well, unhealthyEndpoints: 1 }, well }
  const other = { ...well, ejectedEndpoints: 1 }
  expect(
    troubleOf(
      [{ certificates, upstreams }, { certificates, upstreams: { ...upstreams, other } }, {}],
      now,
      usualWatch,
    ),
  ).toEqual({ certificatesExpired: 1, certificatesExpiring: 3, upstreamsUnhealthy: 2 })
})

it('warns late of a short life, and 30 days before where the node does not say when it began', () => {
  const daily = certificate('daily', days(0.6), { notBefore: days(-0.4) })
  const { notBefore: _, ...unknown } = certificate('unknown', days(20))
  expect(troubleOf([{ certificates: [daily] }], now, usualWatch).certificatesExpiring).toBe(0)
  expect(troubleOf([{ certificates: [unknown] }], now, usualWatch).certificatesExpiring).toBe(1)
})

it('warns as early as the organisation wants to be warned', () => {
  const certificates = [certificate('later', days(29)), certificate('fine', days(31))]
  const expiring = (expiryWarningDays: number) =>
    troubleOf([{ certificates }], now, { ...usualWatch, expiryWarningDays }).certificatesExpiring
  expect([7, 30, 60].map(expiring)).toEqual([0, 1, 2])
})
