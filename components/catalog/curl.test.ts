import { describe, expect, it } from 'vitest'
import { curlLine, operationToTry } from './curl.ts'

const endpointUrl = 'http://localhost:8081/orders'
const base = { summary: '', operationId: null, tags: [], deprecated: false, security: [] }

describe('the command that calls an API', () => {
  it.each([
    [null, "curl -i 'http://localhost:8081/orders/all'"],
    [
      { in: 'header', key: 'x-api-key', prefix: '' },
      "curl -i -H 'x-api-key: K' 'http://localhost:8081/orders/all'",
    ],
    [
      { in: 'header', key: 'authorization', prefix: 'ApiKey' },
      "curl -i -H 'authorization: ApiKey K' 'http://localhost:8081/orders/all'",
    ],
    [{ in: 'query', key: 'key', prefix: '' }, "curl -i 'http://localhost:8081/orders/all?key=K'"],
    [{ in: 'cookie', key: 'key', prefix: '' }, "curl -i -b 'key=K' 'http://localhost:8081/orders/all'"],
  ] as const)('carries the key where the policy wants it: %j', (keyPlace, line) => {
    expect(curlLine({ endpointUrl, keyPlace }, { method: 'GET', path: '/all' }, 'K')).toBe(line)
  })

  it('names the method and leaves parameters to fill in', () => {
    const operation = { method: 'DELETE', path: '/orders/{id}' }
    expect(curlLine({ endpointUrl, keyPlace: null }, operation)).toBe(
      "curl -i -X DELETE 'http://localhost:8081/orders/orders/{id}'",
    )
  })

  it('tries what needs the least', () => {
    const [post, one, all] = [
      { ...base, method: 'POST', path: '/a' },
      { ...base, method: 'GET', path: '/a/{id}' },
      { ...base, method: 'GET', path: '/b' },
    ]
    expect(operationToTry([post, one, all])).toBe(all)
    expect(operationToTry([post, one])).toBe(one)
    expect(operationToTry([post])).toBe(post)
    expect(operationToTry([])).toBeUndefined()
  })
})
