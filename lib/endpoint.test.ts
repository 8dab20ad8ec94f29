import { beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { Problem } from '#domain/problem.ts'
import type { Actor } from './actor.ts'
import { endpoint, problemResponse } from './endpoint.ts'
import { match } from './operations.ts'

// Who asks is the one thing that is made up here; the sessions themselves are tested in lib/session.
let actor: Actor | null = null
vi.mock('./session/authenticate.ts', () => ({ authenticate: async () => actor }))
vi.mock('./audit.ts', () => ({ audit: async () => undefined }))
vi.mock('./db.ts', () => ({ transaction: async () => undefined }))

const owner: Actor = {
  kind: 'user',
  id: 'u1',
  name: 'Olive',
  organisationId: 'o1',
  role: 'owner',
  scopes: null,
  sessionId: 's1',
}
const machine: Actor = { ...owner, kind: 'machine', sessionId: null, scopes: new Set(['api.read']) }

const rename = endpoint({
  id: 'renameThing',
  method: 'PUT',
  path: '/things/{id}',
  tag: 'Things',
  summary: 'Renames a thing',
  access: 'apis.write',
  params: z.object({ id: z.string() }),
  body: z.strictObject({ name: z.string().min(1) }),
  output: z.object({ name: z.string(), version: z.int() }),
  needsIfMatch: true,
  etag: (thing) => thing.version,
  bodyBytesMax: 200,
  run: async ({ body }, { ifMatch }) => ({ name: body.name, version: ifMatch + 1, passwordHash: 'x' }),
})

function request(init: { body?: string; headers?: Record<string, string> } = {}): Request {
  return new Request('http://portal.test/api/v1/things/1', {
    method: 'PUT',
    headers: {
      'content-type': 'application/json',
      'if-match': '"3"',
      'sec-fetch-site': 'same-origin',
      ...init.headers,
    },
    body: init.body ?? '{"name":"new"}',
  })
}

async function call(
  made = request(),
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const response = await rename
    .handle(made, { id: '1' }, 'r1')
    .catch((error: unknown) => problemResponse(error, 'r1'))
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    headers: response.headers,
  }
}

describe('an operation', () => {
  beforeEach(() => {
    actor = owner
  })

  it('answers with the declared shape alone, and with the ETag of the new version', async () => {
    const { status, body, headers } = await call()
    expect(status).toBe(200)
    expect(body).toEqual({ name: 'new', version: 4 })
    expect(headers.get('etag')).toBe('"4"')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('asks nobody in without a session', async () => {
    actor = null
    expect(await call()).toMatchObject({ status: 401, body: { code: 'session.required', requestId: 'r1' } })
  })

  it('refuses a role or a scope that does not allow it', async () => {
    actor = { ...owner, role: 'reviewer' }
    expect(await call()).toMatchObject({ status: 403, body: { code: 'access.denied' } })
    actor = machine
    expect(await call()).toMatchObject({ status: 403, body: { code: 'token.scope' } })
  })

  it('refuses a write with a cookie from another site, and lets a machine write from anywhere', async () => {
    for (const site of ['cross-site', 'same-site', 'weird']) {
      const foreign = request({ headers: { 'sec-fetch-site': site, origin: 'http://evil.test' } })
      expect(await call(foreign)).toMatchObject({ status: 403, body: { code: 'request.cross-site' } })
    }
    actor = { ...machine, scopes: new Set(['api.write']) }
    expect((await call(request({ headers: { 'sec-fetch-site': 'cross-site' } }))).status).toBe(200)
  })

  it('says which field is wrong by pointer, and refuses members that nobody declared', async () => {
    expect(await call(request({ body: '{"name":""}' }))).toMatchObject({
      status: 422,
      body: { faults: [{ pointer: '/name' }] },
    })
    expect((await call(request({ body: '{"name":"a","role":"admin"}' }))).status).toBe(422)
    expect((await call(request({ body: '{"name":"a","__proto__":{"role":"admin"}}' }))).status).toBe(400)
  })

  it('refuses what is not JSON, not declared as JSON, or too large', async () => {
    expect(await call(request({ body: '{' }))).toMatchObject({
      status: 400,
      body: { code: 'request.malformed' },
    })
    expect(await call(request({ headers: { 'content-type': 'text/plain' } }))).toMatchObject({ status: 415 })
    expect(await call(request({ body: JSON.stringify({ name: 'x'.repeat(300) }) }))).toMatchObject({
      status: 413,
    })
  })

  it('wants to know the version that a write changes', async () => {
    const without = new Request('http://portal.test/', {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: '{"name":"a"}',
    })
    expect(await call(without)).toMatchObject({ status: 428 })
    expect((await call(request({ headers: { 'if-match': '*' } }))).status).toBe(422)
    expect((await call(request({ headers: { 'if-match': 'W/"3"' } }))).status).toBe(422)
  })
})

describe('problemResponse', () => {
  it('shows nothing of an unexpected failure', async () => {
    const response = problemResponse(new Error('secret table missing'), 'r9')
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('secret table')
    expect(text).toContain('r9')
  })

  it('calls a database that does not answer by its name, however deep the cause', () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:5432')
    const response = problemResponse(new Error('query failed', { cause }), 'r')
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(problemResponse(new Problem('not-found', 'x'), 'r').status).toBe(404)
  })
})

describe('match', () => {
  it('takes parameters by whole segments and decodes them once', () => {
    expect(match('/apis/{apiId}/versions/{v}', '/apis/a%2Fb/versions/1')).toEqual({ apiId: 'a/b', v: '1' })
    expect(match('/apis/{apiId}', '/apis/a/b')).toBeNull()
    expect(match('/apis/{apiId}', '/apis/')).toBeNull()
    expect(match('/apis/{apiId}', '/apis/%zz')).toBeNull()
    expect(match('/apis', '/Apis')).toBeNull()
  })
})
