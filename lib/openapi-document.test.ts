import { describe, expect, it } from 'vitest'
import { importDocument } from '#dialects/openapi/import-document.ts'
import { openApiDocument } from './openapi-document.ts'
import { operations, serveApi } from './operations.ts'

const document = openApiDocument(operations)

describe('the OpenAPI document of the REST interface', () => {
  it('is imported by our own importer without a fault, whole', async () => {
    const imported = await importDocument(JSON.stringify(document), () => Promise.reject(new Error('unused')))
    if ('faults' in imported) throw new Error(JSON.stringify(imported.faults, null, 2))
    expect(imported.document).toMatchObject({ title: 'Hexgate', sourceFormat: 'openapi-3.1', notes: [] })
    const described = imported.document.operations.map(({ method, path }) => `${method} ${path}`)
    expect(described.toSorted()).toEqual(operations.map(({ method, path }) => `${method} ${path}`).toSorted())
  })

  it('names every path parameter of every operation', () => {
    for (const { path, method } of operations) {
      const described = document.paths[path]?.[method.toLowerCase()]
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const named = described?.parameters
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name)
      expect(new Set(named), `${method} ${path}`).toEqual(new Set(wanted))
      expect(named, `${method} ${path}`).toHaveLength(wanted.length)
    }
  })

  it('asks for If-Match where the operation does, and for nobody where it is public', () => {
    const update = document.paths['/instances/{instanceId}']?.['put']
    expect(update?.parameters).toContainEqual(
      expect.objectContaining({ name: 'If-Match', in: 'header', required: true }),
    )
    expect(update?.security).toEqual([{ session: [] }, { bearer: [] }])
    expect(document.paths['/openapi.json']?.['get']?.security).toEqual([])
  })

  it('is served to everybody', async () => {
    const response = await serveApi(new Request('http://portal/api/v1/openapi.json'))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)))
  })
})
