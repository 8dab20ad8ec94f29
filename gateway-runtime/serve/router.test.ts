import { describe, expect, it } from 'vitest'
import { buildRouter, type Routed } from './router.ts'

function find(routes: readonly Routed[], host: string, target: string): string | undefined {
  const bytes = Buffer.from(target)
  for (const ofHost of buildRouter(routes).routesOf(host)) {
    const route = ofHost.find(bytes, 0, bytes.length)
    if (route !== null) return route.id
  }
  return undefined
}
const at = (id: string, basePath: string, host = '*'): Routed => ({ id, host, basePath })

describe('the router', () => {
  const routes = [
    at('a', '/a'),
    at('ab', '/a/b'),
    at('h', '/a', 'h'),
    at('root', '/', 'r'),
    at('deep', '/a/b/c/d', 'r'),
  ]

  it.each([
    ['x', '/a', 'a'],
    ['x', '/a/', 'a'],
    ['x', '/a?b', 'a'],
    ['x', '/a/bc', 'a'],
    ['x', '/a/b', 'ab'],
    ['x', '/a/b/c?/a', 'ab'],
    ['x', '/ab', undefined],
    ['x', '/', undefined],
    ['h', '/a/c', 'h'],
    ['h', '/a/b', 'h'],
    ['r', '/', 'root'],
    ['r', '/a/b/c', 'root'],
    ['r', '/a/b/c/d/e', 'deep'],
  ])('%s %s goes to %s', (host, target, id) => expect(find(routes, host, target)).toBe(id))

  it('falls back to any host where the host has nothing at that path', () => {
    expect(find([at('any', '/x'), at('own', '/y', 'h')], 'h', '/x')).toBe('any')
  })

  it('finds each of 10,000 routes', () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      at(`r${i}`, `/svc${i}/v${i % 7}`, i % 2 === 0 ? '*' : `h${i % 50}`),
    )
    const router = buildRouter(many)
    for (const [i, route] of many.entries()) {
      const bytes = Buffer.from(`${route.basePath}/x`)
      expect(router.routesOf(route.host)[0]?.find(bytes, 0, bytes.length)?.id).toBe(`r${i}`)
    }
  })
})
