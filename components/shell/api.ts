import { z } from 'zod'
import { ProblemError, problemShape } from './problem-error.ts'

/** An answer with the version that a later write must name. */
export interface Versioned<T> {
  value: T
  /** From the ETag; null where the answer has none. */
  version: number | null
}

interface Sending {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  /** The version that the write changes. */
  ifMatch?: number
  signal?: AbortSignal
}

/** Asks the portal's REST interface. `path` is under /api/v1; what comes is checked by `schema`. */
export async function send<S extends z.ZodType>(
  path: string,
  schema: S,
  { method = 'GET', body, ifMatch, signal }: Sending = {},
): Promise<Versioned<z.output<S>>> {
  const headers = new Headers({ accept: 'application/json' })
  if (body !== undefined) headers.set('content-type', 'application/json')
  if (ifMatch !== undefined) headers.set('if-match', `"${ifMatch}"`)
  const response = await reach(`/api/v1${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  })
  if (!response.ok) throw await problemOf(response)
  const version = /^"(\d+)"$/.exec(response.headers.get('etag') ?? '')?.[1]
  const content: unknown = response.status === 204 ? undefined : await response.json()
  return { value: schema.parse(content), version: version ? Number(version) : null }
}

/** Reads JSON from the portal's REST interface. */
export async function getJson<S extends z.ZodType>(
  path: string,
  schema: S,
  signal?: AbortSignal,
): Promise<z.output<S>> {
  return (await send(path, schema, signal ? { signal } : {})).value
}

/** Writes and reads the answer. */
export async function sendJson<S extends z.ZodType>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body: unknown,
  schema: S,
  more: { ifMatch?: number } = {},
): Promise<z.output<S>> {
  return (await send(path, schema, { method, body, ...more })).value
}

/** A file that the portal makes, under the name that it gives it. */
export async function getFile(path: string): Promise<{ content: Blob; name: string }> {
  const response = await reach(`/api/v1${path}`, {})
  if (!response.ok) throw await problemOf(response)
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1]
  return { content: await response.blob(), name: name ?? 'file' }
}

/** For answers without content. */
export const nothing = z.undefined()

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store' })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ProblemError({
      title: 'The portal cannot be reached',
      status: 0,
      code: 'portal.unreachable',
      detail: 'Nothing was changed. Gateways go on serving.',
      faults: [],
    })
  }
}

async function problemOf(response: Response): Promise<ProblemError> {
  const parsed = problemShape.safeParse(await response.json().catch(() => null))
  if (parsed.success) return new ProblemError(parsed.data)
  return new ProblemError({
    title: 'The portal answered in an unknown way',
    status: response.status,
    code: 'answer.unknown',
    detail: `Status ${response.status} without a problem document.`,
    faults: [],
  })
}
