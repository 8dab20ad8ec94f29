import { Problem } from '#domain/problem.ts'
import { catalogOperations } from './catalog/operations.ts'
import { documentsOperations } from './documents/operations.ts'
import { newRequestId, type Operation, problemResponse } from './endpoint.ts'
import { findingsOperations } from './findings/operations.ts'
import { gatewaysOperations } from './gateways/operations.ts'
import { historyOperations } from './history/operations.ts'
import { networksOperations } from './networks/operations.ts'
import { openApiOperation } from './openapi-document.ts'
import { organisationOperations } from './organisation/operations.ts'
import { picturesOperations } from './pictures/operations.ts'
import { policiesOperations } from './policies/operations.ts'
import { proofOperations } from './proof/operations.ts'
import { publishOperations } from './publish/operations.ts'
import { reviewsOperations } from './reviews/operations.ts'
import { sessionOperations } from './session/operations.ts'
import { trustOperations } from './trust/operations.ts'

/** Every REST operation of the portal. The router, the OpenAPI document and the access matrix all read this list. */
export const operations: readonly Operation[] = [
  ...sessionOperations,
  ...organisationOperations,
  ...catalogOperations,
  ...policiesOperations,
  ...publishOperations,
  ...gatewaysOperations,
  ...networksOperations,
  ...historyOperations,
  ...picturesOperations,
  ...reviewsOperations,
  ...trustOperations,
  ...findingsOperations,
  ...proofOperations,
  ...documentsOperations,
  openApiOperation(() => operations),
]

/** Answers a request under /api/v1. */
export async function serveApi(request: Request): Promise<Response> {
  const requestId = newRequestId()
  try {
    const { operation, params } = find(request)
    const response = await operation.handle(request, params, requestId)
    response.headers.set('x-request-id', requestId)
    return response
  } catch (error) {
    return problemResponse(error, requestId)
  }
}

function find(request: Request): { operation: Operation; params: Record<string, string> } {
  const path = new URL(request.url).pathname.replace(/^\/api\/v1/, '')
  const here = operations.flatMap((operation) => {
    const params = match(operation.path, path)
    return params ? [{ operation, params }] : []
  })
  if (here.length === 0) throw new Problem('route.unknown', `Nothing answers at ${path}.`)
  // Whoever answers a HEAD leaves the body of the GET out.
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const found = here.find(({ operation }) => operation.method === method)
  if (found) return found
  const allowed = here.map(({ operation }) => operation.method)
  throw new Problem('method.not-allowed', `This address takes ${allowed.join(', ')}.`, { extra: { allowed } })
}

/** The parameters of a path that fits the template, or null. */
export function match(template: string, path: string): Record<string, string> | null {
  const wanted = template.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (!part.startsWith('{')) {
      if (part !== value) return null
      continue
    }
    const decoded = decode(value)
    if (!decoded) return null
    params[part.slice(1, -1)] = decoded
  }
  return params
}

function decode(value: string): string | null {
  try {
    return decodeURIComponent(value)
  } catch {
    return null
  }
}
