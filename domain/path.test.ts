import { describe, expect, it } from 'vitest'
import { normalPath } from './path.ts'

describe('normalPath', () => {
  it.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/', '/a/'],
    ['/a/b/..', '/a/'],
    ['/a/.', '/a/'],
    ['/a/./b', '/a/b'],
    ['/a/b/../../c', '/c'],
    ['/..a/b', '/..a/b'],
    ['/a..;x', '/a..;x'],
    ['/.well-known/x', '/.well-known/x'],
    ['//', '/'],
    ['///a//', '/a/'],
    ['/%41%2D%2e%5F%7e', '/A-._~'],
    ['/a%20b', '/a%20b'],
    ['/%e2%82%ac', '/%E2%82%AC'],
    ['/a%3bb', '/a%3Bb'],
    ['/%252e', '/%252e'],
    ['/a/%2E%2e/b', '/b'],
  ])('%s is %s', (path, normal) => {
    expect(normalPath(path)).toBe(normal)
    expect(normalPath(normal), 'and stays so').toBe(normal)
  })

  it.each([
    '',
    'a',
    '/..',
    '/a/../..',
    '/%2e%2e',
    '/%00',
    '/%2f',
    '/%5C',
    '/%',
    '/%1',
    '/%gg',
    '/%c0%ae',
    '/%ff',
    '/..;/a',
    '/a/.;b',
  ])('%s is refused', (path) => expect(normalPath(path)).toBeNull())
})
