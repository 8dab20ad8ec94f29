import { describe, expect, it } from 'vitest'
import { numbersFrom } from '#domain/testing/random.ts'
import { importDocument } from './import-document.ts'

const yaml = `openapi: 3.1.0
info: {title: Orders, version: "1", description: "a \\u00e9 b"}
servers: [{url: "http://{r}.example/v1", variables: {r: {default: eu}}}]
x-a: &a {description: ok}
paths:
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      tags: [a, b]
      responses: {"200": {<<: *a, content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}}
  /b: {$ref: "#/paths/~1orders~1{id}"}
components:
  schemas:
    Order: {type: object, properties: {next: {$ref: "#/components/schemas/Order"}, $ref: {type: string}}}
`
const json = `{"openapi":"3.0.3","info":{"title":"T","version":"1"},"paths":{"/a":{"get":{"responses":{"200":{"description":"ok"}}}}}}`
const pieces = [
  '{',
  '}',
  '[',
  ']',
  ':',
  '"',
  "'",
  '\n',
  '  ',
  '\t',
  '&a',
  '*a',
  '<<: ',
  '$ref',
  '#/',
  '~',
  '%',
  '-',
  '---\n',
  '!!x',
  '|',
  '>',
  '__proto__',
  '\0',
  '\uD800',
  '1e999',
  'null',
  '?',
  ',',
  '/',
]

function mutate(text: string, random: () => number): string {
  let mutated = text
  for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits--) {
    const at = Math.floor(random() * mutated.length)
    const cut = Math.floor(random() * 8)
    const piece = random() < 0.6 ? (pieces[Math.floor(random() * pieces.length)] ?? '') : ''
    mutated = mutated.slice(0, at) + piece + mutated.slice(at + cut)
  }
  return mutated
}

describe('mutated documents', () => {
  it.each([
    ['YAML', yaml],
    ['JSON', json],
  ])('in %s are imported or refused with a place; nothing is thrown', async (_form, text) => {
    const random = numbersFrom(20_261_120)
    const seen = { imported: 0, refused: 0 }
    for (let round = 0; round < 3_000; round++) {
      const mutated = mutate(text, random)
      const imported = await importDocument(mutated, () => Promise.reject(new Error('no converter')))
      if ('document' in imported) {
        seen.imported += 1
        continue
      }
      seen.refused += 1
      expect(imported.faults.length, mutated).toBeGreaterThan(0)
      for (const { pointer, detail, line, column } of imported.faults) {
        expect(pointer === '' || pointer.startsWith('/'), mutated).toBe(true)
        expect(detail, mutated).not.toBe('')
        expect(line, mutated).toBeGreaterThanOrEqual(1)
        expect(column, mutated).toBeGreaterThanOrEqual(1)
      }
    }
    expect(seen.imported).toBeGreaterThan(20)
    expect(seen.refused).toBeGreaterThan(20)
  })
})
