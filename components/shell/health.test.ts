import { expect, it } from 'vitest'
import { healthIn } from './health.ts'

const answer = (...parts: string[]) => ({ problems: parts.map((part) => ({ part, detail: '' })) })

it('says of the portal what is the portal’s own, the database first', () => {
  expect(healthIn(answer('database', 'hub', 'gateway'))).toBe('database-away')
  expect(healthIn(answer('hub'))).toBe('changes-unheard')
  expect(healthIn(answer('gateway', 'provider'))).toBe('well')
})
