import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { seal, unseal } from './seal.ts'

describe('seal', () => {
  beforeAll(() => {
    process.env['HEXGATE_MASTER_KEY'] ??= randomBytes(32).toString('base64')
    process.env['DATABASE_URL'] ??= 'postgresql://localhost/none'
    process.env['HEXGATE_PORTAL_URL'] ??= 'http://localhost:3000'
    process.env['OIDC_ISSUER'] ??= 'http://localhost:3001'
    process.env['OIDC_CLIENT_ID'] ??= 'portal'
    process.env['OIDC_CLIENT_SECRET'] ??= 'secret'
  })

  it('opens what it sealed, for the same purpose only', () => {
    const sealed = seal('refresh-token', 'session.refresh')
    expect(sealed).not.toContain('refresh-token')
    expect(unseal(sealed, 'session.refresh').reveal()).toBe('refresh-token')
    expect(() => unseal(sealed, 'session.access')).toThrow()
  })

  it('never seals the same text to the same bytes', () => {
    expect(seal('a', 'p')).not.toBe(seal('a', 'p'))
  })

  it('refuses what was altered, truncated or of another version', () => {
    const sealed = seal('abc', 'p')
    const parts = sealed.split('.')
    const flipped = [
      parts[0],
      parts[1],
      `${parts[2]?.startsWith('A') ? 'B' : 'A'}${parts[2]?.slice(1)}`,
      parts[3],
    ].join('.')
    for (const bad of [flipped, sealed.slice(0, -6), `v2${sealed.slice(2)}`, '', 'v1...']) {
      expect(() => unseal(bad, 'p')).toThrow()
    }
  })
})
