import { describe, expect, it } from 'vitest'
import type { SubjectAltName } from './certificate.ts'
import { canonicalAddress, compileNames, namePatternFault } from './subject-alt-names.ts'

const uri = (value: string): SubjectAltName => ({ type: 'uri', value })
const dns = (value: string): SubjectAltName => ({ type: 'dns', value })
const email = (value: string): SubjectAltName => ({ type: 'email', value })
const ip = (value: string): SubjectAltName => ({ type: 'ip', value })

describe('a pattern', () => {
  const cases: [pattern: string, name: SubjectAltName, allowed: boolean][] = [
    ['spiffe://td/ns/a/sa/b', uri('spiffe://td/ns/a/sa/b'), true],
    ['spiffe://td/ns/a/sa/b', uri('spiffe://td/ns/a/sa/b/c'), false],
    ['spiffe://td/ns/a/sa/b', uri('spiffe://td/ns/a/sa/B'), false],
    ['spiffe://td/ns/a/sa/b', dns('spiffe://td/ns/a/sa/b'), false],
    ['spiffe://td/ns/a/*', uri('spiffe://td/ns/a/sa/b'), true],
    ['spiffe://td/ns/a/*', uri('spiffe://td/ns/a'), false],
    ['spiffe://td/ns/a/*', uri('spiffe://td/ns/a/'), false],
    ['spiffe://td/ns/a/*', uri('spiffe://td/ns/ab/c'), false],
    ['spiffe://td/ns/a/*', uri('spiffe://td/ns/a/../b/c'), false],
    ['spiffe://td/ns/a/*', uri('spiffe://td/ns/a/%2e%2e/b'), false],
    ['spiffe://td/ns/a/*', uri('spiffe://td/ns/a/*'), false],
    ['spiffe://td/ns/a/*', uri('spiffe://td/ns/a/b?c'), false],
    ['spiffe://td/*', uri('spiffe://td.evil/x'), false],
    ['a.example', dns('A.Example'), true],
    ['a.example', dns('b.a.example'), false],
    ['a.example', dns('a.example.'), false],
    ['*.a.example', dns('x.a.example'), true],
    ['*.a.example', dns('x.y.a.example'), false],
    ['*.a.example', dns('a.example'), false],
    ['*.a.example', dns('.a.example'), false],
    ['*.a.example', dns('*.a.example'), true],
    ['x.a.example', dns('*.a.example'), true],
    ['x.y.a.example', dns('*.a.example'), false],
    ['x.example', dns('*.example'), false],
    ['xa.example', dns('x*.example'), false],
    ['a@b.example', email('a@B.example'), true],
    ['a@b.example', email('A@b.example'), false],
    ['a@b.example', dns('a@b.example'), false],
    ['192.0.2.1', ip('192.0.2.1'), true],
    ['192.0.2.1', dns('192.0.2.1'), false],
    ['2001:DB8::0:1', ip('2001:db8::1'), true],
  ]
  it.each(cases)('%s and %o: %s', (pattern, name, allowed) => {
    expect(namePatternFault(pattern)).toBeUndefined()
    expect(compileNames([pattern])([dns('other.example'), name])).toBe(allowed)
  })

  it('is refused where it could mean anything else', () => {
    for (const pattern of [
      '',
      '*',
      'a.*.example',
      '*a.example',
      'spiffe://*/a',
      'spiffe://td/*/a',
      'spiffe://td/a?b',
      'spiffe:///a',
      'a b.example',
      '300.1.1.1',
      '1.2.3',
      '*@a.example',
      'CN=a',
    ])
      expect(namePatternFault(pattern), pattern).toEqual(expect.any(String))
  })
})

describe('a list', () => {
  it('allows all where it is empty, and none where no name matches', () => {
    expect(compileNames([])([])).toBe(true)
    expect(compileNames(['a.example'])([])).toBe(false)
    expect(compileNames(['b.example', 'a.example'])([dns('a.example')])).toBe(true)
  })
})

describe('an address', () => {
  it('has one form', () => {
    expect(canonicalAddress('2001:0db8:0:0::1')).toBe('2001:db8::1')
    expect(canonicalAddress('::ffff:192.0.2.1')).toBe('::ffff:c000:201')
    expect(canonicalAddress('192.0.2.01')).toBeUndefined()
    expect(canonicalAddress('a::z')).toBeUndefined()
  })
})
