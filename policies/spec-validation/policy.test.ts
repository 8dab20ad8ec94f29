import { describe, expect, it } from 'vitest'
import type { Refusal } from '../exchange.ts'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { specValidation } from './policy.ts'

const order = {
  type: 'object',
  required: ['item', 'count'],
  properties: {
    item: { $ref: '#/components/schemas/Item' },
    count: { type: 'integer', minimum: 1 },
    placedAt: { type: 'string', format: 'date-time' },
    note: { type: ['string', 'null'], maxLength: 5 },
    parts: { type: 'array', items: { $ref: '#/components/schemas/Order' } },
  },
  additionalProperties: false,
}
const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    '/orders': {
      parameters: [{ $ref: '#/components/parameters/Tenant' }],
      get: {
        parameters: [
          { name: 'limit', in: 'query', schema: { type: 'integer', maximum: 100 } },
          { name: 'state', in: 'query', schema: { type: 'array', items: { enum: ['open', 'sent'] } } },
          { name: 'ids', in: 'query', explode: false, schema: { type: 'array', items: { type: 'integer' } } },
          {
            name: 'filter',
            in: 'query',
            style: 'deepObject',
            schema: { type: 'object', properties: { size: { type: 'integer' } } },
          },
          { name: 'where', in: 'query', content: { 'application/json': { schema: { type: 'object' } } } },
          { name: 'session', in: 'cookie', schema: { type: 'string', minLength: 3 } },
        ],
        responses: {
          200: { content: { 'application/json': { schema: { type: 'array', items: order } } } },
          '4XX': { description: 'wrong' },
        },
      },
      post: {
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: { $ref: '#/components/schemas/Order' } },
            'application/x-www-form-urlencoded': {
              schema: { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] },
            },
            'image/*': {},
          },
        },
        responses: { 201: { description: 'made' } },
      },
    },
    '/orders/{id}': {
      get: {
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }],
        responses: {},
      },
    },
    '/orders/mine': { get: { responses: {} } },
    '/files/{name}.{ending}': {
      get: {
        parameters: [{ name: 'ending', in: 'path', required: true, schema: { enum: ['txt'] } }],
        responses: {},
      },
    },
  },
  components: {
    schemas: { Order: order, Item: { type: 'string', pattern: '^[a-z]+\\d{2}$' } },
    parameters: {
      Tenant: { name: 'X-Tenant', in: 'header', required: true, schema: { type: 'string', minLength: 2 } },
    },
    securitySchemes: { key: { type: 'apiKey', in: 'query', name: 'api_key' } },
  },
}

type Given = ConstructorParameters<typeof ExchangeInMemory>[0]
const tenant = { 'x-tenant': 'acme' }

function prepared(config: Record<string, unknown> = {}, ...[of]: [unknown?]) {
  return preparedWith(config, of ?? document)
}

function preparedWith(config: Record<string, unknown>, of: unknown) {
  const ports = portsInMemory({}, { document: of })
  const policy = specValidation.prepare(specValidation.config.parse(config), ports)
  async function send(given: Given, body?: string): Promise<Refusal | undefined> {
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const exchange = new ExchangeInMemory({ ...given, headers: { ...tenant, ...length, ...given.headers } })
    const refused = await policy.onRequest?.(exchange)
    if (refused !== undefined || body === undefined) return refused
    const phase = policy.requestBody
    return phase?.wants?.(exchange) === true ? phase.run(exchange, new TextEncoder().encode(body)) : undefined
  }
  async function answer(status: number, headers: Record<string, string>, body: string | null) {
    const exchange = new ExchangeInMemory({ resourcePath: '/orders', headers: tenant })
    await policy.onRequest?.(exchange)
    exchange.status = status
    for (const [name, value] of Object.entries(headers)) exchange.setResponseHeader(name, value)
    if (policy.responseBody?.wants?.(exchange) !== true) return
    await policy.responseBody.run(exchange, body === null ? null : new TextEncoder().encode(body))
  }
  return { policy, ports, send, answer }
}

const json = { 'content-type': 'application/json; charset=utf-8' }
const post = { method: 'POST', resourcePath: '/orders', headers: json }

describe('spec-validation of requests', () => {
  it('lets through what is as described', async () => {
    const { send } = prepared({ strictParamsValidation: true })
    const good = [
      { resourcePath: '/orders' },
      { resourcePath: '/orders', query: '?limit=7&state=open&state=sent&ids=1,2&filter[size]=7&api_key=x' },
      { resourcePath: '/orders', query: '?where=%7B%22a%22:1%7D', headers: { cookie: 'a=b; session=abc' } },
      { resourcePath: '/orders', method: 'HEAD' },
      { resourcePath: '/orders/mine' },
      { resourcePath: '/orders/0b9f8a52-1c9d-4a4e-9b4e-0d6f2a3c4d5e' },
      { resourcePath: '/files/notes.txt' },
    ]
    for (const given of good) expect(await send(given)).toBeUndefined()
    const body = {
      item: 'nut12',
      count: 1,
      placedAt: '2026-02-28T10:00:00Z',
      note: null,
      parts: [{ item: 'a10', count: 2 }],
    }
    expect(await send(post, JSON.stringify(body))).toBeUndefined()
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await send({ ...post, headers: form }, 'count=7')).toBeUndefined()
    expect(await send({ ...post, headers: { 'content-type': 'image/png' } }, 'PNG')).toBeUndefined()
  })

  it.each<[Given, Partial<Refusal>]>([
    [{ resourcePath: '/unheard' }, { status: 404, code: 'spec-validation.path_unknown' }],
    [{ resourcePath: '/orders/' }, { status: 404 }],
    [{ resourcePath: '/constructor' }, { status: 404 }],
    [
      { resourcePath: '/orders', method: 'DELETE' },
      { status: 405, code: 'spec-validation.method_unknown', headers: { allow: 'GET, POST' } },
    ],
    [
      { resourcePath: '/orders/7' },
      { status: 400, detail: 'The path parameter id must match format "uuid".' },
    ],
    [{ resourcePath: '/files/notes.exe' }, { status: 400, code: 'spec-validation.parameter_invalid' }],
    [
      { resourcePath: '/orders', query: '?limit=101' },
      { status: 400, detail: 'The query parameter limit must be <= 100.' },
    ],
    [
      { resourcePath: '/orders', query: '?limit=ten' },
      { detail: 'The query parameter limit must be integer.' },
    ],
    [{ resourcePath: '/orders', query: '?limit=1&limit=2' }, { code: 'spec-validation.parameter_invalid' }],
    [
      { resourcePath: '/orders', query: '?state=open&state=lost' },
      { code: 'spec-validation.parameter_invalid' },
    ],
    [{ resourcePath: '/orders', query: '?ids=1,x' }, { code: 'spec-validation.parameter_invalid' }],
    [
      { resourcePath: '/orders', query: '?filter[size]=big' },
      { detail: 'The query parameter filter at /size must be integer.' },
    ],
    [{ resourcePath: '/orders', query: '?where=%7B' }, { detail: 'The query parameter where is not JSON.' }],
    [
      { resourcePath: '/orders', headers: { cookie: 'session=a' } },
      { code: 'spec-validation.parameter_invalid' },
    ],
    [
      { resourcePath: '/orders', headers: { 'x-tenant': 'a' } },
      { detail: 'The header parameter x-tenant must NOT have fewer than 2 characters.' },
    ],
    [
      { resourcePath: '/orders', query: '?debug=1' },
      { status: 400, code: 'spec-validation.parameter_unknown' },
    ],
  ])('refuses %j', async (given, refusal) => {
    const { send } = prepared({ strictParamsValidation: true })
    expect(await send(given)).toMatchObject(refusal)
  })

  it('refuses a missing header, and takes unknown parameters unless told otherwise', async () => {
    const { policy } = prepared()
    const ask = (headers: Record<string, string>) =>
      policy.onRequest?.(new ExchangeInMemory({ resourcePath: '/orders', query: '?debug=1', headers }))
    expect(ask({})).toMatchObject({ status: 400, code: 'spec-validation.parameter_missing' })
    expect(ask(tenant)).toBeUndefined()
  })

  it.each<[string, string]>([
    ['{"item":"nut12"}', "The body must have required property 'count'."],
    ['{"item":"nut12","count":0}', 'The body at /count must be >= 1.'],
    ['{"item":"nut12","count":"1"}', 'The body at /count must be integer.'],
    ['{"item":"NUT","count":1}', 'The body at /item must match pattern "^[a-z]+\\d{2}$".'],
    ['{"item":"nut12","count":1,"x":1}', 'The body must NOT have additional properties: x.'],
    [
      '{"item":"nut12","count":1,"note":"too long"}',
      'The body at /note must NOT have more than 5 characters.',
    ],
    [
      '{"item":"nut12","count":1,"placedAt":"2026-02-30T10:00:00Z"}',
      'The body at /placedAt must match format "date-time".',
    ],
    [
      '{"item":"nut12","count":1,"parts":[{"item":"a10","count":-1}]}',
      'The body at /parts/0/count must be >= 1.',
    ],
    ['{"item":"nut12",', 'The body is not JSON.'],
    ['[]', 'The body must be object.'],
  ])('refuses the body %s with where and what', async (body, detail) => {
    const { send } = prepared()
    expect(await send(post, body)).toEqual({ status: 400, code: 'spec-validation.body_invalid', detail })
  })

  it('refuses a missing body and an unknown media type', async () => {
    const { send } = prepared()
    expect(await send({ ...post, headers: {} }, '{}')).toMatchObject({ status: 415 })
    expect(await send({ ...post, headers: json }, '')).toMatchObject({
      status: 400,
      code: 'spec-validation.body_missing',
    })
    expect(await send({ ...post, headers: { 'content-type': 'text/xml' } }, '<a/>')).toMatchObject({
      status: 415,
      code: 'spec-validation.media_type_unknown',
    })
  })

  it('looks for its paths behind a base path', async () => {
    const { send } = prepared({ apiBasePath: '/v1' })
    expect(await send({ resourcePath: '/v1/orders' })).toBeUndefined()
    expect(await send({ resourcePath: '/orders' })).toMatchObject({ status: 404 })
    expect(await send({ resourcePath: '/v1x/orders' })).toMatchObject({ status: 404 })
    expect(await prepared({ apiBasePath: '/' }).send({ resourcePath: '/orders' })).toBeUndefined()
  })

  it('only reports when told to: counts all, logs seldom, never shows values', async () => {
    const { send, ports } = prepared({ blockOperation: false })
    for (let i = 0; i < 5; i++) expect(await send(post, '{"item":"S3CRET","count":1}')).toBeUndefined()
    expect(await send({ resourcePath: '/unheard' })).toBeUndefined()
    const label = '{"where":"request","code":"spec-validation.body_invalid"}'
    expect(ports.counted.get(`["violations",${label}]`)).toBe(5)
    expect(ports.logged.map(({ code }) => code)).toEqual([
      'spec-validation.body_invalid',
      'spec-validation.path_unknown',
    ])
    expect(JSON.stringify(ports.logged)).not.toContain('S3CRET')
    ports.pass(10_000)
    await send(post, '{}')
    expect(ports.logged).toHaveLength(3)
  })

  it('while only reporting buffers no body that could be too long', async () => {
    const { policy, ports } = prepared({ blockOperation: false, maxBodyBytes: 10 })
    const exchange = new ExchangeInMemory({
      ...post,
      headers: { ...tenant, ...json, 'content-length': '11' },
    })
    policy.onRequest?.(exchange)
    expect(policy.requestBody?.wants?.(exchange)).toBe(false)
    expect(ports.counted.get('["unchecked",{"where":"request"}]')).toBe(1)
  })
})

describe('spec-validation of answers', () => {
  it('reports what is not as described, and lets all of it pass', async () => {
    const { answer, ports } = prepared()
    await answer(200, json, '[{"item":"nut12","count":1}]')
    await answer(404, { 'content-type': 'text/plain' }, 'none')
    expect(ports.counted.size).toBe(0)
    await answer(200, json, '[{"item":"nut12","count":0}]')
    await answer(200, { 'content-type': 'text/html' }, '<p>')
    await answer(500, json, '{}')
    expect(ports.logged.map(({ code, fields }) => [code, fields?.['detail']])).toEqual([
      ['spec-validation.answer_invalid', '/0/count must be >= 1.'],
      ['spec-validation.answer_media_type_unknown', 'The specification has application/json here.'],
      ['spec-validation.answer_status_unknown', 'The specification has no answer of status 500 here.'],
    ])
  })

  it('counts what it could not look into', async () => {
    const { answer, ports } = prepared()
    await answer(200, { ...json, 'content-encoding': 'gzip' }, '')
    await answer(200, json, null)
    expect(ports.counted.get('["unchecked",{"where":"answer"}]')).toBe(2)
  })
})

function withSchema(schema: unknown, version = '3.1.0', schemas: Record<string, unknown> = {}) {
  return {
    openapi: version,
    components: { schemas },
    paths: {
      '/orders': { post: { requestBody: { content: { 'application/json': { schema } } }, responses: {} } },
    },
  }
}

describe('spec-validation and its documents', () => {
  it('understands the flags of OpenAPI 3.0', async () => {
    const { send } = prepared(
      {},
      withSchema(
        {
          type: 'object',
          properties: {
            price: { type: 'number', minimum: 0, exclusiveMinimum: true },
            note: { type: 'string', nullable: true, enum: ['a'] },
            nullable: { type: 'boolean' },
          },
        },
        '3.0.3',
      ),
    )
    expect(await send(post, '{"price":0.1,"note":null,"nullable":true}')).toBeUndefined()
    expect(await send(post, '{"price":0}')).toMatchObject({ detail: 'The body at /price must be > 0.' })
    expect(await send(post, '{"note":"b"}')).toMatchObject({ status: 400 })
    expect(await send(post, '{"nullable":7}')).toMatchObject({ status: 400 })
  })

  it('takes one given inline', async () => {
    const { send } = prepared(
      { source: 'inline', spec: JSON.stringify(withSchema({ type: 'array' })) },
      undefined,
    )
    expect(await send(post, '[]')).toBeUndefined()
    expect(await send(post, '{}')).toMatchObject({ status: 400 })
  })

  it('matches patterns in linear time', async () => {
    const { send } = prepared({}, withSchema({ type: 'string', pattern: '^(a+)+$' }))
    const began = performance.now()
    expect(await send(post, JSON.stringify(`${'a'.repeat(50_000)}!`))).toMatchObject({ status: 400 })
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  it('follows a schema that contains itself', async () => {
    const { send } = prepared()
    const deep = (depth: number): string =>
      depth === 0 ? '{"item":"a10","count":0}' : `{"item":"a10","count":1,"parts":[${deep(depth - 1)}]}`
    expect(await send(post, deep(50))).toMatchObject({ status: 400 })
  })

  it('refuses a body that is nested deeper than it can follow', async () => {
    const { send } = prepared(
      {},
      withSchema({ $ref: '#/components/schemas/Deep' }, '3.1.0', {
        Deep: { items: { $ref: '#/components/schemas/Deep' } },
      }),
    )
    expect(await send(post, '['.repeat(200_000) + ']'.repeat(200_000))).toEqual({
      status: 400,
      code: 'spec-validation.body_invalid',
      detail: 'The body is nested too deeply.',
    })
  })

  it('does not take what every object inherits for a property', async () => {
    const { send } = prepared({}, withSchema({ type: 'object', required: ['constructor'] }))
    expect(await send(post, '{}')).toMatchObject({ status: 400 })
    expect(await send(post, '{"constructor":1}')).toBeUndefined()
  })

  const nested = (depth: number): unknown => (depth === 0 ? {} : { not: nested(depth - 1) })

  it.each<[string, unknown, string]>([
    ['none', undefined, 'the API has no OpenAPI document'],
    ['a text', 'openapi', 'is not an object'],
    ['Swagger', { swagger: '2.0' }, 'Swagger 2.0'],
    ['of another version', { openapi: '4.0.0' }, 'not OpenAPI 3.0 or 3.1'],
    ['that leads out', withSchema({ $ref: 'https://example.com/a.json' }), 'cannot be used'],
    ['that leads nowhere', withSchema({ $ref: '#/components/schemas/None' }), 'cannot be used'],
    ['with a pattern that RE2 has not', withSchema({ type: 'string', pattern: '(?=a)b' }), 'cannot be used'],
    ['with a type that there is not', withSchema({ type: 'strnig' }), 'cannot be used'],
    ['that is nested deeply', withSchema(nested(500)), 'nested more than 120 deep'],
    [
      'with very many parts',
      withSchema({ enum: [], allOf: Array(300_000).fill({}) }),
      'more than 250000 parts',
    ],
    [
      'whose schemas lead on and on',
      withSchema(
        { $ref: '#/components/schemas/S0' },
        '3.1.0',
        Object.fromEntries(
          Array.from({ length: 3_000 }, (_, i) => [
            `S${i}`,
            { properties: { next: { $ref: `#/components/schemas/S${(i + 1) % 3_000}` } } },
          ]),
        ),
      ),
      'its references lead too deep',
    ],
    [
      'with references in a circle',
      { openapi: '3.1.0', paths: { '/a': { $ref: '#/paths/~1b' }, '/b': { $ref: '#/paths/~1a' } } },
      'do not end',
    ],
    [
      'with a style that is not checked',
      {
        openapi: '3.1.0',
        paths: { '/a/{id}': { get: { parameters: [{ in: 'path', name: 'id', style: 'matrix' }] } } },
      },
      'has the style matrix',
    ],
  ])('refuses to be prepared with a document %s', (_what, of, reason) => {
    expect(() => preparedWith({}, of)).toThrow(reason)
  })

  it('prepares a large document within a second or two', () => {
    const schemas = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [
        `S${i}`,
        {
          type: 'object',
          properties: {
            a: { type: 'string' },
            next: { $ref: `#/components/schemas/S${i % 50 === 49 ? i - 49 : i + 1}` },
          },
        },
      ]),
    )
    const paths = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [
        `/r${i}/{id}`,
        {
          post: {
            parameters: [{ in: 'path', name: 'id', schema: { type: 'integer' } }],
            requestBody: {
              content: { 'application/json': { schema: { $ref: `#/components/schemas/S${i}` } } },
            },
            responses: {
              200: { content: { 'application/json': { schema: { $ref: `#/components/schemas/S${i}` } } } },
            },
          },
        },
      ]),
    )
    const began = performance.now()
    prepared({}, { openapi: '3.1.0', paths, components: { schemas } })
    expect(performance.now() - began).toBeLessThan(4_000)
  })

  it.each([
    [{ source: 'inline' }, 'spec'],
    [{ spec: '{}' }, 'spec'],
    [{ apiBasePath: 'v1' }, 'apiBasePath'],
    [{ apiBasePath: '/v1/' }, 'apiBasePath'],
    [{ blockOperation: 'yes' }, 'blockOperation'],
    [{ maxBodyBytes: 0 }, 'maxBodyBytes'],
  ])('refuses %j at its field', (given, path) => {
    const issues = specValidation.config.safeParse(given).error?.issues ?? []
    expect(issues.map((issue) => issue.path.join('/'))).toEqual([path])
  })

  it('says that an inline specification is not JSON', () => {
    expect(() => prepared({ source: 'inline', spec: 'openapi: 3.1.0' })).toThrow('is not JSON')
  })
})
