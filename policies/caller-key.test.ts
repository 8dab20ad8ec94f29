import { expect, it } from 'vitest'
import { callerKeyOf } from './caller-key.ts'
import { ExchangeInMemory } from './exchange-in-memory.ts'

const exchange = new ExchangeInMemory({
  headers: { 'x-user': ['jane', 'eve'], cookie: ['a=1; who=j%C3%B6rg', 'who=eve'] },
  remoteAddress: '192.0.2.1',
})
exchange.claims = { sub: 'jane', realm: { tenant: 7 }, roles: ['a'] }

it.each([
  [{ by: 'address' }, '192.0.2.1'],
  [{ by: 'header', name: 'X-User' }, 'jane'],
  [{ by: 'header', name: 'x-none' }, undefined],
  [{ by: 'cookie', name: 'who' }, 'jörg'],
  [{ by: 'cookie', name: 'wh' }, undefined],
  [{ by: 'claim', name: 'sub' }, 'jane'],
  [{ by: 'claim', name: 'realm.tenant' }, '7'],
  [{ by: 'claim', name: 'roles' }, undefined],
] as const)('a caller is known by %j as %s', (hashOn, key) => {
  expect(callerKeyOf(hashOn)(exchange)).toBe(key)
})
