import { describe, expect, it } from 'vitest'
import { ExchangeInMemory } from './exchange-in-memory.ts'
import { compileRules, ruleFaults } from './rules.ts'

const orders = (method: string, path: string) => new ExchangeInMemory({ method, path, resourcePath: path })

describe('the rules of a policy', () => {
  it('are no question where there are none', () => {
    expect(compileRules([])).toBeUndefined()
  })

  it('match the whole text, all parts of one rule, and one rule of several', () => {
    const applies = compileRules([
      { path: '/orders/[0-9]+', methods: 'GET|HEAD' },
      { path: '/admin.*', host: 'api\\.example' },
    ])
    expect(applies?.(orders('GET', '/orders/7'))).toBe(true)
    expect(applies?.(orders('GET', '/orders/7/lines'))).toBe(false)
    expect(applies?.(orders('DELETE', '/orders/7'))).toBe(false)
    expect(applies?.(orders('DELETE', '/admin/users'))).toBe(true)
  })

  it('look at every value of a header', () => {
    const applies = compileRules([{ headers: { 'x-tenant': 'blue' } }])
    expect(applies?.(new ExchangeInMemory({ headers: { 'x-tenant': ['red', 'blue'] } }))).toBe(true)
    expect(applies?.(new ExchangeInMemory({}))).toBe(false)
  })

  it('take a pattern that would hang a backtracking engine, and answer at once', () => {
    const applies = compileRules([{ path: '(/a+)+b' }])
    expect(applies?.(orders('GET', `/${'a'.repeat(50_000)}`))).toBe(false)
  })

  it('name the pattern that RE2 does not take', () => {
    expect(ruleFaults([{ path: '/ok' }, { path: '(', headers: { 'x-a': '(?=b)' } }])).toMatchObject([
      { pointer: '/1/path' },
      { pointer: '/1/headers/x-a' },
    ])
  })
})
