import { describe, expect, it } from 'vitest'
import { isSameOrigin } from './origins.ts'

describe('the origin of a page', () => {
  it.each([
    ['https://shop.example', 'shop.example', true],
    ['https://shop.example', 'shop.example:443', true],
    ['https://SHOP.example', 'shop.example', true],
    ['http://shop.example:8081', 'shop.example:8081', true],
    ['https://[::1]:8443', '[::1]:8443', true],
    ['https://shop.example', 'shop.example:8443', false],
    ['https://shop.example.evil.example', 'shop.example', false],
    ['https://evil.example', 'shop.example', false],
    ['null', 'shop.example', false],
    ['', 'shop.example', false],
    ['file:///etc/passwd', 'shop.example', false],
  ])('%s asking %s: %s', (origin, host, same) => {
    expect(isSameOrigin(origin, host)).toBe(same)
  })
})
