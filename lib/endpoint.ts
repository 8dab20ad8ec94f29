import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson } from '#contract/manifest.ts'
import type { Permission } from '#domain/access.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import { type Fault, Problem, type ProblemCode, problemDocument } from '#domain/problem.ts'
import { type Actor, requirePermission } from './actor.ts'
import { audit } from './audit.ts'
import { transaction } from './db.ts'
import { log } from './log.ts'
import { readJson, refuseBody, requireText } from './request-body.ts'
import { authenticate } from './session/authenticate.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** `public` needs nobody; `gateway-key` is checked by the operation itself against the key in its body. */
export type Access = Permission | 'public' | 'gateway-key'

interface Shapes {
  params?: z.ZodType
  query?: z.ZodType
  body?: z.ZodType
}
type Parsed<S extends z.ZodType | undefined> = S extends z.ZodType ? z.output<S> : undefined

/** What an operation gets besides its input. */
export interface Call<A extends Access> {
  actor: A extends 'public' | 'gateway-key' ? null : Actor
  /** The version in If-Match; present when the operation asks for it. */
  ifMatch: number
  request: Request
  requestId: string
}

/** One REST operation: everything that the guard, the parser and the OpenAPI document need, declared once. */
export interface Operation {
  readonly id: string
  readonly method: Method
  /** Under /api/v1, with {parameters}. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly access: Access
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly output: z.ZodType
  readonly status: number
  readonly bodyBytesMax: number
  readonly needsIfMatch: boolean
  /** What it refuses besides what its guard and the check of its input do. */
  readonly problems: readonly ProblemCode[]
  /** Whether the answer carries its version as an ETag. */
  readonly hasETag: boolean
  /** What the answer may be; others than JSON are files. */
  readonly mediaTypes: readonly string[]
  handle(request: Request, params: Record<string, string>, requestId: string): Promise<Response>
}

interface Declaration<A extends Access, S extends Shapes, O extends z.ZodType> {
  id: string
  method: Method
  path: string
  tag: string
  summary: string
  access: A
  params?: S['params']
  query?: S['query']
  body?: S['body']
  output: O
  status?: 200 | 201 | 202 | 204
  bodyBytesMax?: number
  /** The write names the version that it changes. */
  needsIfMatch?: boolean
  /** What it refuses besides what its guard and the check of its input do. */
  problems?: readonly ProblemCode[]
  /** The version that the answer carries as its ETag. */
  etag?: (output: z.output<O>) => number
  /** What else than JSON it answers with; its output is a `fileAnswer` then. */
  mediaTypes?: readonly string[]
  /** The name under which a browser keeps the answer, which then is canonical JSON (RFC 8785). */
  fileName?: (output: z.output<O>) => string
  run: (
    input: { params: Parsed<S['params']>; query: Parsed<S['query']>; body: Parsed<S['body']> },
    call: Call<A>,
  ) => Promise<z.input<O>>
}

/** Declares an operation. Authentication, permission, parsing and error mapping are done here and nowhere else. */
export function endpoint<
  A extends Access,
  O extends z.ZodType,
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  declared: Declaration<A, { params: P & z.ZodType; query: Q & z.ZodType; body: B & z.ZodType }, O>,
): Operation {
  const { run, etag, fileName, ...rest } = declared
  const operation = {
    status: 200,
    bodyBytesMax: 1_048_576,
    needsIfMatch: false,
    problems: [],
    hasETag: etag !== undefined,
    mediaTypes: ['application/json'],
    ...rest,
  }
  return {
    ...operation,
    async handle(request, rawParams, requestId) {
      const actor = await admit(operation, request)
      try {
        const input = {
          params: parse(operation.params, rawParams, '/params'),
          query: parse(operation.query ?? noQuery, queryOf(request), '/query'),
          body: await bodyOf(operation, request),
        }
        const ifMatch = operation.needsIfMatch ? versionIn(request) : 0
        // The declaration ties `input` and `actor` to what was parsed just above; TypeScript cannot follow that
        // through the conditional types.
        const result = await run(input as never, { actor, ifMatch, request, requestId } as unknown as Call<A>)
        return answer(operation, operation.output.parse(result) as z.output<O>, { etag, fileName })
      } catch (error) {
        if (actor && operation.method !== 'GET') await recordRefusal(actor, operation, rawParams, error)
        throw error
      }
    },
  } as Operation
}

async function admit(
  { access, method }: Pick<Operation, 'access' | 'method'>,
  request: Request,
): Promise<Actor | null> {
  if (access === 'public' || access === 'gateway-key') return null
  const actor = await authenticate(request.headers)
  if (!actor) throw new Problem('session.required', 'This needs a signed-in session or a bearer token.')
  if (actor.sessionId !== null && method !== 'GET') refuseCrossSite(request)
  requirePermission(actor, access)
  return actor
}

// A cookie travels with any page's request; a page of another site must not write with it (CSRF).
function refuseCrossSite(request: Request): void {
  const site = request.headers.get('sec-fetch-site')
  if (site === 'same-origin' || site === 'none') return
  const origin = request.headers.get('origin')
  if (site === null && origin !== null && URL.parse(origin)?.host === request.headers.get('host')) return
  throw new Problem('request.cross-site', 'Writes with a session cookie must come from the portal itself.')
}

function parse(schema: z.ZodType | undefined, value: unknown, at: string): unknown {
  if (!schema) return undefined
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const faults = faultsOf(result.error, at)
  throw new Problem('request.invalid', faults[0]?.detail ?? 'The request does not fit.', { faults })
}

/** A zod error as faults with JSON pointers. */
export function faultsOf(error: z.ZodError, at = ''): Fault[] {
  return error.issues.map((issue) => ({
    pointer: at + pointerOf(issue.path),
    detail: issue.message,
  }))
}

const noQuery = z.strictObject({})

function queryOf(request: Request): Record<string, string> {
  const { searchParams } = new URL(request.url)
  for (const [name, value] of searchParams) {
    requireText(name + value)
    if (searchParams.getAll(name).length === 1) continue
    const faults = [{ pointer: `/query${pointerOf([name])}`, detail: 'Give it once.' }]
    throw new Problem('request.invalid', `The parameter ${name} is given more than once.`, { faults })
  }
  return Object.fromEntries(searchParams)
}

async function bodyOf(operation: Pick<Operation, 'body' | 'bodyBytesMax'>, request: Request) {
  if (operation.body) return parse(operation.body, await readJson(request, operation.bodyBytesMax), '')
  return refuseBody(request)
}

function versionIn(request: Request): number {
  const value = request.headers.get('if-match')
  if (value === null) {
    throw new Problem('write.precondition-required', 'Send If-Match with the ETag that you read.')
  }
  const version = /^"(\d{1,9})"$/.exec(value)?.[1]
  if (!version) throw new Problem('request.invalid', 'If-Match must be an ETag as given, e.g. "3".')
  return Number(version)
}

/** A file, for whoever asks for something else than JSON. */
export const fileAnswer = z.object({
  name: z.string(),
  mediaType: z.string(),
  content: z.instanceof(Uint8Array<ArrayBuffer>),
})
export type FileAnswer = z.infer<typeof fileAnswer>

interface Shown<T> {
  etag: ((output: T) => number) | undefined
  fileName: ((output: T) => string) | undefined
}

function answer<T>(
  operation: Pick<Operation, 'status' | 'mediaTypes'>,
  output: T,
  { etag, fileName }: Shown<T>,
): Response {
  const file = fileAnswer.safeParse(output)
  if (file.success && operation.mediaTypes.includes(file.data.mediaType)) return fileResponse(file.data)
  const headers = new Headers({ 'cache-control': 'no-store' })
  if (etag) headers.set('etag', `"${etag(output)}"`)
  if (fileName) {
    headers.set('content-type', 'application/json')
    headers.set('content-disposition', `attachment; filename="${fileName(output)}"`)
    return new Response(canonicalJson(output), { status: operation.status, headers })
  }
  if (operation.status === 204) return new Response(null, { status: 204, headers })
  return Response.json(output, { status: operation.status, headers })
}

// Whatever stands in a file must not run as a page of the portal, should a browser show it after all.
function fileResponse({ name, mediaType, content }: FileAnswer): Response {
  return new Response(content, {
    headers: {
      'cache-control': 'no-store',
      'content-type': mediaType,
      'content-disposition': `attachment; filename="${name}"`,
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'x-content-type-options': 'nosniff',
    },
  })
}

async function recordRefusal(
  actor: Actor,
  operation: Operation | { id: string },
  params: Record<string, string>,
  error: unknown,
) {
  const code = error instanceof Problem ? error.code : 'internal'
  const event = {
    action: operation.id,
    subjectKind: 'operation',
    subjectId: Object.values(params)[0] ?? operation.id,
    outcome: 'refused' as const,
    after: { code },
  }
  // The refusal itself matters more than its entry: a database that is away must not hide it.
  await transaction((tx) => audit(tx, actor, event)).catch((cause) =>
    log.error({ err: cause }, 'audit entry not written'),
  )
}

// RFC 6750 §3.1: what is wrong with a token that was sent.
const challenges: Partial<Record<ProblemCode, string>> = {
  'token.invalid': 'Bearer realm="hexgate", error="invalid_token"',
  'token.scope': 'Bearer realm="hexgate", error="insufficient_scope"',
}

/** Turns whatever was thrown into a problem document; what is not a Problem is logged and is a 500. */
export function problemResponse(error: unknown, requestId: string): Response {
  const problem = toProblem(error)
  if (problem.code === 'internal') log.error({ err: error, requestId }, 'unexpected failure')
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  const challenge = challenges[problem.code] ?? (problem.status === 401 ? 'Bearer realm="hexgate"' : null)
  if (challenge) headers.set('www-authenticate', challenge)
  if (problem.status === 503) headers.set('retry-after', '5')
  const { allowed } = problem.extra
  if (problem.code === 'method.not-allowed' && Array.isArray(allowed))
    headers.set('allow', allowed.join(', '))
  return new Response(JSON.stringify(problemDocument(problem, requestId)), {
    status: problem.status,
    headers,
  })
}

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (isDatabaseAway(error)) {
    return new Problem(
      'database.unavailable',
      'The portal cannot reach its database; gateways go on serving.',
    )
  }
  return new Problem('internal', 'This is a bug on our side. The request id finds it in the log.')
}

const awayCodes = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  'EPIPE',
])
const awayWords =
  /ECONNREFUSED|ECONNRESET|timeout exceeded when trying to connect|Connection terminated|terminating connection|Query read timeout|Can't reach database|DatabaseNotReachable|shutting down|starting up/i

function isDatabaseAway(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const code = 'code' in cause ? String(cause.code) : ''
    if (awayCodes.has(code) || awayWords.test(cause.message)) return true
  }
  return false
}

/** A fresh request id. */
export function newRequestId(): string {
  return randomUUID()
}
