import { describe, expect, it } from 'vitest'
import { numbersFrom } from '#domain/testing/random.ts'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { specValidation } from './policy.ts'

const good = {
  openapi: '3.1.0',
  paths: {
    '/a/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } }],
      get: {
        parameters: [
          { $ref: '#/components/parameters/Q' },
          { name: 'f', in: 'query', style: 'deepObject', schema: { type: 'object' } },
        ],
        responses: {
          200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/A' } } } },
        },
      },
      post: {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/A' } } },
        },
        responses: { default: {} },
      },
    },
  },
  components: {
    parameters: { Q: { name: 'q', in: 'query', schema: { type: 'array', items: { enum: ['x', 'y'] } } } },
    schemas: {
      A: {
        type: 'object',
        required: ['n'],
        properties: {
          n: { type: ['number', 'null'], exclusiveMinimum: 0 },
          s: { type: 'string', pattern: '^a+$', format: 'uuid', maxLength: 9 },
          more: { type: 'array', items: { $ref: '#/components/schemas/A' }, uniqueItems: true },
          one: { oneOf: [{ const: 1 }, { not: { type: 'string' } }] },
        },
      },
    },
  },
}

const oddities: unknown[] = [
  null,
  '',
  0,
  -1,
  1e308,
  true,
  [],
  {},
  '#/components/schemas/A',
  '#',
  '#/',
  '#/%',
  { $ref: '#/components/schemas/A' },
  { $ref: '#/paths' },
  { $ref: 7 },
  '(((((',
  '(a|a)*$',
  '\u0000',
  '__proto__',
  ['null', 'null'],
]

/** A copy in which one thing, somewhere, is something else, is gone, or stands under another name. */
function mutated(value: unknown, random: () => number): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.08)
    return oddities[Math.floor(random() * oddities.length)]
  const entries = Object.entries(value)
  const at = Math.floor(random() * entries.length)
  const changed = entries.flatMap(([key, inner], index) => {
    if (index !== at) return [[key, inner] as const]
    const dice = random()
    if (dice < 0.05) return []
    if (dice < 0.1) return [[String(oddities[Math.floor(random() * 3)]), inner] as const]
    return [[key, mutated(inner, random)] as const]
  })
  return Array.isArray(value) ? changed.map(([, inner]) => inner) : Object.fromEntries(changed)
}

const bodies = ['{"n":1}', '{"n":null,"more":[{"n":1},{"n":1}]}', '[]', '{', '"x"', '']

describe('spec-validation with a document that something is wrong with', () => {
  it('refuses it with a sentence or checks by it, quickly, and judges every request', async () => {
    const random = numbersFrom(20_261)
    const began = performance.now()
    let refused = 0
    for (let round = 0; round < 1_500; round++) {
      let document: unknown = good
      for (let times = 0; times <= round % 3; times++) document = mutated(document, random)
      const ports = portsInMemory({}, { document })
      let policy
      try {
        policy = specValidation.prepare(specValidation.config.parse({}), ports)
      } catch (error) {
        refused++
        expect(error).toBeInstanceOf(Error)
        // A bug of ours would look like this.
        expect(error).not.toBeInstanceOf(TypeError)
        expect(String(error)).not.toMatch(/undefined|is not a function|Cannot read/)
        continue
      }
      for (const method of ['GET', 'POST']) {
        const headers = { 'content-type': 'application/json' }
        const exchange = new ExchangeInMemory({ method, resourcePath: '/a/7', query: '?q=x&f[a]=1', headers })
        const answer = await policy.onRequest?.(exchange)
        expect([undefined, 400, 404, 405, 415]).toContain(answer?.status)
        const body = new TextEncoder().encode(bodies[Math.floor(random() * bodies.length)])
        if (policy.requestBody?.wants?.(exchange) === true)
          expect([undefined, 400, 415]).toContain((await policy.requestBody.run(exchange, body))?.status)
        exchange.setResponseHeader('content-type', 'application/json')
        if (policy.responseBody?.wants?.(exchange) === true) await policy.responseBody.run(exchange, body)
      }
    }
    expect(refused).toBeGreaterThan(50)
    expect(refused).toBeLessThan(1_400)
    expect(performance.now() - began).toBeLessThan(60_000)
  }, 90_000)
})
