import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type ProblemCode, problems } from '#domain/problem.ts'
import type { Actor } from './actor.ts'
import type { Operation } from './endpoint.ts'
import { type OpenApiDocument, openApiDocument } from './openapi-document.ts'
import { problemsOf } from './operation-problems.ts'
import { operations, serveApi } from './operations.ts'
import { type TestDatabase, testDatabase } from './testing/database.ts'
import { testOrganisation } from './testing/organisation.ts'

// Who asks is made up, so that every refusal here is about what was asked.
let admin: Actor
vi.mock('./session/authenticate.ts', () => ({ authenticate: async () => admin }))

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  admin = await (await testOrganisation()).actor('admin')
})
afterAll(() => database.close())

const byId = operations.map((operation) => [operation.id, operation] as const)
const writing = byId.filter(([, { body }]) => body !== undefined)
const document = openApiDocument(operations)

const verbs = new Set(
  ['list', 'read', 'create', 'add', 'update', 'replace', 'delete', 'remove', 'end', 'revoke', 'issue'].concat(
    ['admit', 'import', 'preview', 'check', 'verify', 'deploy', 'compare', 'rollback', 'register'],
    ['identify', 'acknowledge', 'assign', 'sign', 'request', 'complete', 'cancel', 'rotate', 'restore'],
    [
      'retire',
      'withdraw',
      'rewrap',
      'renew',
      'simulate',
      'draw',
      'export',
      'ensure',
      'advance',
      'reverse',
      'run',
    ],
  ),
)
const openings =
  /^(?:List|Read|Add|Change|Delete|Take|Revoke|Issue|Let|Give|End|Put|Make|Say|Walk|Import|Expose|Deploy|Compare|Serve|Register|Rename|Accept|Withdraw|Sign|Rotate|Retire|Restore|Ask|Cancel|Complete|Rewrap|Renew|Show|Destroy|Wrap|Draw|Export|Have) /

describe.each(byId)('%s', (id, operation) => {
  const { method, path, status, summary, tag, output } = operation
  const described = document.paths[path]?.[method.toLowerCase()]

  it('is named after what it does to what', () => {
    expect(id).toMatch(/^[a-z]+(?:-[a-z]+)*(?:\.[a-z]+(?:-[a-z]+)*)+$/)
    expect(verbs).toContain(id.split('.').at(-1))
    expect(path).toMatch(/^(?:\/(?:[a-z]+(?:-[a-z]+)*|openapi\.json|\{[a-zA-Z]+\}))+$/)
    expect(summary).toMatch(openings)
    expect(summary).not.toMatch(/\.$/)
    expect(document.tags).toContainEqual({ name: tag })
  })

  it('answers with the status of its kind', () => {
    const made = /\.(?:create|add|import|issue|admit|deploy|rollback|sign|request|rotate)$/.test(id)
    // Whoever takes a part away leaves a new version of the whole, and is told which.
    const gone = (method === 'DELETE' && !operation.hasETag) || id.endsWith('.acknowledge')
    const replaces = method === 'PUT'
    expect(status).toBe(gone ? 204 : made && !replaces ? 201 : 200)
    if (method === 'GET') expect(operation.body).toBeUndefined()
  })

  it('answers with an object, or with nothing', () => {
    if (status === 204) return
    expect(schemaOf(output)).toMatchObject({ type: 'object' })
  })

  it('describes every problem that it can answer with', () => {
    const { responses } = z
      .object({ responses: z.record(z.string(), z.object({ description: z.string() })) })
      .parse(described)
    for (const code of problemsOf(operation)) {
      expect(responses[problems[code].status]?.description).toContain(`${code}: `)
    }
    expect(Object.keys(responses)).toEqual(expect.arrayContaining([String(status), '500', '503']))
  })

  it('shows no secret but a key that was just made', () => {
    const keys = {
      'gateway-key.create': ['/key'],
      'instance.consumers.admit': ['/key'],
      'credential.issue': ['/key'],
    }
    const allowed = new Map<string, string[]>(Object.entries(keys)).get(id) ?? []
    const found = textsIn(schemaOf(output)).filter((at) => looksSecret.test(at) && !isDigest.test(at))
    expect(found).toEqual(allowed)
  })
})

// The digests of documents and deployments, the place where a caller puts its key, and what a hash is taken of.
const isDigest = /\/(?:hash|servesHash|appliedHash|sha256)$|\/keyPlace\/key$|\/hashOn(?:\/|$)/i
// Whatever stands inside of something with such a name counts as well.
const looksSecret = /\/(?:key|\w*(?:hash|sealed|password|secret|token|private)\w*)(?:\/|$)/i

describe('a write to what has versions', () => {
  const changing = byId.filter(([, { method }]) => ['PUT', 'PATCH'].includes(method))
  it.each(changing)('%s names the version that it changes, and can read it', (_, operation) => {
    expect(operation.needsIfMatch).toBe(true)
    expect(operation.hasETag).toBe(true)
    const path = operation.path
    const readable = operations.filter(({ method, hasETag }) => method === 'GET' && hasETag)
    expect(readable.some((other) => [path, path.replace(/\/[a-z]+$/, '')].includes(other.path))).toBe(true)
  })

  const deleting = byId.filter(
    ([, { method, path }]) =>
      method === 'DELETE' && operations.some((other) => other.path === path && other.hasETag),
  )
  it.each(deleting)('%s names the version that it deletes', (_, operation) => {
    expect(operation.needsIfMatch).toBe(true)
  })
})

describe('whatever cannot be meant is refused', () => {
  it.each(byId)('%s takes no parameter that it does not know, and none twice', async (_, operation) => {
    for (const query of ['?sort=password', '?__proto__=1', '?constructor=1', '?limit=1&limit=2']) {
      const answer = await ask(operation, { query })
      if (operation.access === 'gateway-key' && answer.code === 'gateway.key-invalid') continue
      expect(answer, query).toMatchObject({ status: 422, code: 'request.invalid' })
    }
    expect(await ask(operation, { query: '?search=%00' })).toMatchObject({ status: 400 })
  })

  it.each(writing)('%s takes no member that it does not know', async (_, operation) => {
    for (const body of ['{"constructor":{"name":1}}', '{"unknown-member":1}', '[]', 'null', '"x"']) {
      expect(await ask(operation, { body }), body).toMatchObject({ status: 422, code: 'request.invalid' })
    }
    for (const body of [
      '{"__proto__":{"role":"admin"}}',
      '{"a":[{"__proto__":1}]}',
      '{"name":"\\u0000"}',
      '{"name":"\\ud800"}',
      `{"config":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ]) {
      const answer = await ask(operation, { body })
      expect(answer, body.slice(0, 40)).toMatchObject({ status: 400, code: 'request.malformed' })
    }
  })

  it.each(writing)('%s reads no body that is too large', async (_, operation) => {
    let given = 0
    const chunk = new Uint8Array(1_048_576).fill(32)
    const endless = new ReadableStream({
      pull: (stream) => {
        given += chunk.length
        stream.enqueue(chunk)
      },
    })
    const answer = await ask(operation, { body: endless })
    expect(answer).toMatchObject({ status: 413, code: 'request.too-large' })
    expect(given).toBeLessThan(operation.bodyBytesMax + 3 * chunk.length)
  })

  const bodiless = byId.filter(([, { body, method }]) => body === undefined && method !== 'GET')
  it.each(bodiless)('%s takes no body', async (_, operation) => {
    expect(await ask(operation, { body: '{}' })).toMatchObject({ status: 422, code: 'request.invalid' })
  })

  const paged = byId.filter(([id]) => ['api.list', 'audit.list', 'revision.list'].includes(id))
  it.each(paged)('%s has bounds', async (_, operation) => {
    const beyond = ['limit=1000000000', 'limit=0', 'limit=-1', 'limit=1.5', 'limit=ten', 'limit=']
    const wrong = [...beyond, `cursor=${'a'.repeat(10_000)}`, `search=${'a'.repeat(10_000)}`, 'page=-1']
    for (const query of wrong) {
      const answer = await ask(operation, { query: `?${query}` })
      expect(answer, query.slice(0, 40)).toMatchObject({ status: 422, code: 'request.invalid' })
    }
  })
})

describe('methods', () => {
  it('are named when another one is asked for, and HEAD is answered as GET is', async () => {
    const answer = await serveApi(new Request(`${base}/members`, { method: 'PATCH' }))
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('GET, POST')
    expect((await serveApi(new Request(`${base}/members`, { method: 'HEAD' }))).status).toBe(200)
  })
})

const base = 'http://localhost:3000/api/v1'

interface Asking {
  query?: string
  body?: BodyInit
}

/** Asks with ids that nothing has; every answer must be one that the operation describes. */
async function ask(operation: Operation, { query = '', body }: Asking) {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'sessionId') return 'a'.repeat(22)
    return name.endsWith('Id') ? randomUUID() : '1'
  })
  const headers = new Headers({ 'if-match': '"1"', 'sec-fetch-site': 'same-origin' })
  const init: RequestInit & { duplex?: 'half' } = { method: operation.method, headers }
  if (body !== undefined) {
    headers.set('content-type', 'application/json')
    Object.assign(init, { body, duplex: 'half' })
  } else if (operation.body) {
    headers.set('content-type', 'application/json')
    init.body = '{}'
  }
  const response = await serveApi(new Request(`${base}${path}${query}`, init))
  const answer = z.looseObject({ code: z.string().optional() }).parse(await response.json())
  if (answer.code !== undefined) expect(problemsOf(operation)).toContain(answer.code as ProblemCode)
  return { status: response.status, code: answer.code }
}

type Schema = OpenApiDocument['components']

function schemaOf(type: z.ZodType): Schema {
  return z.toJSONSchema(type, { io: 'output', unrepresentable: 'any', reused: 'inline' })
}

/** The paths of all texts that a schema leaves free, without repeats: numbers and closed lists hold no secret. */
function textsIn(schema: unknown, at = ''): string[] {
  // Whatever may stand there may be a text; `false` says that nothing may.
  if (typeof schema !== 'object' || schema === null) return schema === false ? [] : [at]
  const { type, enum: listed, const: fixed, properties = {}, ...rest } = schema as Schema
  if (listed !== undefined || fixed !== undefined) return []
  const members = Object.entries(properties as Schema).map(([name, member]) =>
    textsIn(member, `${at}/${name}`),
  )
  const parts = holding.flatMap((word) => rest[word] ?? []).map((part) => textsIn(part, at))
  const isFree = type === 'string' || (type === undefined && parts.length === 0)
  return [...new Set([...(isFree ? [at] : []), ...members.flat(), ...parts.flat()])]
}

/** The words under which a schema holds others of the same place. */
const holding = ['items', 'prefixItems', 'additionalProperties', 'anyOf', 'oneOf', 'allOf']
