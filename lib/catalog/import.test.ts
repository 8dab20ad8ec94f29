import { describe, expect, it } from 'vitest'
import { readDocument } from './import.ts'

const small = JSON.stringify({ openapi: '3.0.3', info: { title: 'T', version: '1' }, paths: {} })

describe('the reader of documents', () => {
  it('gives the definition as text and its hash', async () => {
    const reading = await readDocument(small)
    expect(reading).toMatchObject({
      document: {
        title: 'T',
        definitionText: small,
        definitionSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    })
  })

  it('converts Swagger 2.0, and says so', async () => {
    const swagger = JSON.stringify({
      swagger: '2.0',
      info: { title: 'Pets', version: '1' },
      host: 'pets.example.com',
      basePath: '/v2',
      schemes: ['http'],
      paths: {
        '/pets': {
          get: {
            operationId: 'listPets',
            produces: ['application/json'],
            responses: { 200: { description: 'ok', schema: { $ref: '#/definitions/Pets' } } },
          },
        },
      },
      definitions: { Pets: { type: 'array', items: { type: 'string' } } },
    })
    const reading = await readDocument(swagger)
    if (!('document' in reading)) throw new Error(JSON.stringify(reading))
    expect(reading.document).toMatchObject({
      sourceFormat: 'swagger-2.0',
      servers: ['http://pets.example.com/v2'],
      operations: [{ method: 'GET', path: '/pets', operationId: 'listPets' }],
      notes: [expect.stringContaining('Converted from Swagger 2.0')],
    })
    expect(reading.document.definitionText).toContain('#/components/schemas/Pets')
  })

  it('gives up at its deadline, alone', async () => {
    const paths = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [
        `/p${index}`,
        { get: { responses: { 200: { description: '' } } } },
      ]),
    )
    const big = JSON.stringify({ ...JSON.parse(small), paths })
    const reading = await readDocument(big, { deadlineMs: 1, heapMegabytesMax: 256 })
    expect(reading).toMatchObject({ faults: [{ detail: 'Reading it takes longer than 1 ms.', line: 1 }] })
    expect(await readDocument(small)).toHaveProperty('document')
  })

  it('gives up when its memory is used up, alone', async () => {
    const big = JSON.stringify({
      ...JSON.parse(small),
      'x-list': Array.from({ length: 2_000_000 }, () => ({})),
    })
    const reading = await readDocument(big, { deadlineMs: 20_000, heapMegabytesMax: 16 })
    expect(reading).toMatchObject({ faults: [{ detail: 'Reading it takes too much memory.' }] })
    expect(await readDocument(small)).toHaveProperty('document')
  })

  it('holds against many documents at once, and refuses what nobody could wait for', async () => {
    const readings = await Promise.allSettled(Array.from({ length: 30 }, () => readDocument(small)))
    const refused = readings.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(8)
    for (const one of refused) {
      expect(one).toMatchObject({ reason: { code: 'import.busy', status: 503 } })
    }
  })
})
