import { encode } from 'next-auth/jwt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { authSecret, cookieName, cookieOptions, parseCookies, sessionIdIn } from './cookie.ts'

let database: TestDatabase

// The portal of this file is reached by https.
beforeAll(async () => {
  database = await testDatabase()
  process.env['HEXGATE_PORTAL_URL'] = 'https://portal.test'
})
afterAll(() => database.close())

test('over https cookies are bound to the host and never sent in the clear', () => {
  expect(cookieName('session')).toBe('__Host-hexgate.session')
  expect(cookieOptions()).toEqual({ httpOnly: true, sameSite: 'lax', path: '/', secure: true })
})

test('only a cookie that was made under our key names a session', async () => {
  const made = (secret: string) => encode({ token: { sid: 'abc' }, secret })
  const name = cookieName('session')
  expect(await sessionIdIn(`other=1; ${name}=${await made(await authSecret())}`)).toBe('abc')
  expect(await sessionIdIn(`${name}=${await made('another secret')}`)).toBeNull()
  expect(await sessionIdIn(`hexgate.session=${await made(await authSecret())}`)).toBeNull()
  for (const header of [null, '', name, `${name}=`, `${name}=a.b.c.d.e`, `${name}=%E0%A4%A`]) {
    expect(await sessionIdIn(header), String(header)).toBeNull()
  }
})

test('cookies are read as servers read them: the first of a name counts, nothing breaks', () => {
  const cookies = parseCookies('a=1; a=2; =x; b; c=%20; d=%E0%A4%A; __proto__=p')
  expect([...cookies]).toEqual([
    ['a', '1'],
    ['c', ' '],
    ['d', '%E0%A4%A'],
    ['__proto__', 'p'],
  ])
})
