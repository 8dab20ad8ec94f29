import type { ProblemCode } from '#domain/problem.ts'
import type { Operation } from './endpoint.ts'

type Declared = Pick<Operation, 'access' | 'method' | 'params' | 'body' | 'needsIfMatch' | 'problems'>

/** Every problem that an operation can answer with: those of its guard and its input, and its own. */
export function problemsOf(operation: Declared): ProblemCode[] {
  const { params, body, needsIfMatch, problems } = operation
  const codes: ProblemCode[] = [
    ...ofAccess(operation),
    'request.malformed',
    'request.invalid',
    ...(body ? (['request.too-large', 'request.media-type'] as const) : []),
    ...(params ? (['not-found'] as const) : []),
    ...(needsIfMatch ? (['write.precondition-required', 'write.stale'] as const) : []),
    ...problems,
    'database.unavailable',
    'internal',
  ]
  return [...new Set(codes)]
}

function ofAccess({ access, method }: Declared): readonly ProblemCode[] {
  if (access === 'public') return []
  if (access === 'gateway-key') return ['gateway.key-invalid']
  return [
    ...(['session.required', 'session.ended', 'token.invalid', 'issuer.unavailable'] as const),
    ...(['token.scope', 'access.denied', 'access.no-membership'] as const),
    ...(method === 'GET' ? [] : (['request.cross-site'] as const)),
  ]
}
