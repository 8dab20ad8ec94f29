import { describe, expect, it } from 'vitest'
import type { ApiCertificate } from '../definition.ts'
import { portsInMemory } from '../exchange-in-memory.ts'
import { tlsCertificateMonitoring } from './policy.ts'

const day = 86_400_000

function certificate(type: ApiCertificate['type'], from: number, to: number): ApiCertificate {
  return {
    type,
    subject: `CN=${type}`,
    subjectAltNames: [],
    serialNumber: '1',
    notBefore: from * day,
    notAfter: to * day,
  }
}

function watch(config: Record<string, unknown>, certificates: readonly ApiCertificate[], atDay = 100) {
  const ports = portsInMemory({}, { certificates })
  ports.clock.ms = atDay * day
  const prepared = tlsCertificateMonitoring.prepare(tlsCertificateMonitoring.config.parse(config), ports)
  return { ports, prepared, codes: () => ports.logged.map(({ level, code }) => `${level} ${code}`) }
}

describe('a certificate', () => {
  it.each([
    [131, []],
    [129, ['warn certificate_expires']],
    [100, ['error certificate_expired']],
    [50, ['error certificate_expired']],
  ])('that lives from day 0 to day %i is, on day 100, worth %o', (to, expected) => {
    expect(watch({}, [certificate('server', 0, to)]).codes()).toEqual(expected)
  })

  it('of a short life is warned of once little of it is left', () => {
    const short = certificate('server', 96, 103)
    expect(watch({}, [short]).codes()).toEqual([])
    expect(watch({}, [short], 101).codes()).toEqual(['warn certificate_expires'])
  })

  it('has a window of its own', () => {
    const config = { certificates: [{ name: 'our-ca', type: 'ca', rotationWindow: 90 }] }
    const { ports } = watch(config, [certificate('ca', -900, 180), certificate('server', -900, 180)])
    expect(ports.logged).toEqual([
      {
        level: 'warn',
        code: 'certificate_expires',
        fields: {
          type: 'ca',
          subject: 'CN=ca',
          serialNumber: '1',
          expires: new Date(180 * day).toISOString(),
          daysLeft: 80,
          name: 'our-ca',
          renewalMethod: 'manual',
        },
      },
    ])
  })

  it('that is listed and not there is spoken of', () => {
    const config = { certificates: [{ name: 'upstream-client-cert', type: 'client' }] }
    expect(watch(config, []).codes()).toEqual(['warn certificate_not_there'])
  })
})

describe('the watch', () => {
  it('looks again as time passes, counts, and ends with its plan', () => {
    const { ports, prepared, codes } = watch({ logLevel: 'INFO' }, [certificate('server', 0, 131)])
    ports.pass(2 * day)
    expect(new Set(codes())).toEqual(new Set(['info certificate_expires']))
    const counted = ports.counted.get(JSON.stringify(['expiring', { type: 'server' }]))
    expect(counted).toBe(codes().length)
    prepared.dispose?.()
    ports.pass(40 * day)
    expect(codes()).toHaveLength(counted ?? 0)
  })
})

describe('a configuration', () => {
  it('takes what is written in Flex, and nothing unknown', () => {
    const seen = tlsCertificateMonitoring.config.safeParse({
      expiryWarningDays: 30,
      logLevel: 'INFO',
      certificates: [
        { name: 'api-server-cert', type: 'server', renewalMethod: 'cert-manager', rotationWindow: 30 },
        { name: 'client-ca-cert', type: 'ca', renewalMethod: 'manual', rotationWindow: 90 },
      ],
    })
    expect(seen.success).toBe(true)
    for (const config of [
      { expiryWarningDays: -1 },
      { logLevel: 'info' },
      { lifetimeFraction: 0 },
      { certificates: [{ name: 'a', type: 'root' }] },
      { other: 1 },
    ])
      expect(tlsCertificateMonitoring.config.safeParse(config).success, JSON.stringify(config)).toBe(false)
  })
})
