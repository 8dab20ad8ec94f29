import { describe, expect, it } from 'vitest'
import { ExchangeInMemory } from './exchange-in-memory.ts'
import { compileFormula } from './formula.ts'

const pieces = [
  '#[',
  ']',
  '(',
  ')',
  '[',
  ',',
  '==',
  '!=',
  '++',
  '>=',
  ' or ',
  ' and ',
  'not ',
  '!',
  ' contains ',
  "'a'",
  '"b"',
  "'",
  '7',
  '1.5',
  'true',
  'null',
  'attributes.method',
  'attributes.statusCode',
  "attributes.headers['x']",
  "attributes.headers['",
  'authentication.clientId',
  'attributes.',
  'payload',
  'vars.claimSet',
  'attributes.headers',
  '.x',
  '[0]',
  "['x']",
  '--',
  ' default ',
  'if (',
  ' else ',
  'splitBy(',
  'lower(',
  ' splitBy ',
  'dw::core::Binaries::fromBase64(',
  '\u{1f600}',
  '\n',
]

describe('a formula of any pieces', () => {
  it('is compiled or refused with a sentence, and what is compiled never throws', () => {
    const exchange = new ExchangeInMemory({ headers: { x: '1' } })
    let state = 7
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    let compiled = 0
    for (let round = 0; round < 40_000; round++) {
      const inner = Array.from({ length: 1 + random(7) }, () => pieces[random(pieces.length)]).join('')
      const text = random(10) === 0 ? inner : `#[${inner}]`
      let formula
      try {
        formula = compileFormula(text, random(2) === 0)
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
        expect(error).not.toBeInstanceOf(TypeError)
        expect(error).not.toBeInstanceOf(RangeError)
        continue
      }
      compiled++
      formula(exchange)
      formula(exchange, 'GET')
    }
    expect(compiled).toBeGreaterThan(500)
  })
})
