/** Problem documents (RFC 9457): the closed list of what can go wrong as expected. */

export interface ProblemType {
  readonly status: number
  readonly title: string
}

export const problems = {
  'request.invalid': { status: 422, title: 'The request does not fit' },
  'request.malformed': { status: 400, title: 'The request cannot be read' },
  'request.too-large': { status: 413, title: 'The request is too large' },
  'request.media-type': { status: 415, title: 'That media type is not taken here' },
  'request.cross-site': { status: 403, title: 'The request comes from another site' },
  'route.unknown': { status: 404, title: 'There is nothing at this address' },
  'method.not-allowed': { status: 405, title: 'That method is not allowed here' },
  'session.required': { status: 401, title: 'Sign in first' },
  'session.ended': { status: 401, title: 'The session has ended' },
  'token.invalid': { status: 401, title: 'The token is not valid' },
  'token.scope': { status: 403, title: 'The token lacks the scope' },
  'access.denied': { status: 403, title: 'Your role does not allow this' },
  'access.no-membership': { status: 403, title: 'You belong to no organisation' },
  'issuer.unavailable': { status: 503, title: 'The identity provider does not answer' },
  'database.unavailable': { status: 503, title: 'The database does not answer' },
  'not-found': { status: 404, title: 'Not found' },
  'write.stale': { status: 409, title: 'Somebody changed it meanwhile' },
  'write.precondition-required': { status: 428, title: 'Say which version you change (If-Match)' },
  'name.taken': { status: 409, title: 'That name is taken' },
  'in-use': { status: 409, title: 'It is still in use' },
  'api.version-taken': { status: 409, title: 'That version is already there' },
  'api.definition-invalid': { status: 422, title: 'The document cannot be imported' },
  'api.definition-unreachable': { status: 422, title: 'The address of the document cannot be read' },
  'import.busy': { status: 503, title: 'Too many documents are being read' },
  'instance.path-taken': { status: 409, title: 'Another API answers at that host and base path' },
  'instance.tls-differs': { status: 409, title: 'Another API asks for different TLS at that host' },
  'instance.upstream-forbidden': { status: 422, title: 'That upstream address must not be reached' },
  'policy.unknown': { status: 422, title: 'There is no such policy' },
  'policy.config-invalid': { status: 422, title: 'The policy configuration does not fit' },
  'revision.raced': { status: 409, title: 'Another publication came first' },
  'revision.invalid': { status: 422, title: 'Gateways would refuse this' },
  'revision.empty': { status: 409, title: 'There is nothing to deploy' },
  'revision.too-old': { status: 409, title: 'That revision cannot be restored' },
  'topology.not-kept': { status: 404, title: 'What stood there then was not kept' },
  'sign-off.required': { status: 403, title: 'Somebody must sign this off first' },
  'sign-off.moved-on': { status: 409, title: 'It is no longer what you looked at' },
  'sign-off.not-yours': { status: 403, title: 'Somebody else must sign this off' },
  'sign-off.given': { status: 409, title: 'It is signed off already' },
  'review.open': { status: 409, title: 'A review of exactly this is open' },
  'gateway.key-invalid': { status: 401, title: 'The gateway key is not valid' },
  'node.no-answer': { status: 504, title: 'The node did not answer in time' },
  'node.too-old': { status: 409, title: 'The node is of a version that cannot do this' },
  'probe.too-many': { status: 429, title: 'Too many probes in a short time' },
  'certificate.unreadable': { status: 422, title: 'That certificate cannot be taken' },
  'certificate.known': { status: 409, title: 'That certificate is already there' },
  'certificate.refused': { status: 422, title: 'That does not go with this certificate' },
  'documents.unsayable': { status: 409, title: 'These documents cannot say that' },
  'documents.unreadable': { status: 422, title: 'The documents cannot be read' },
  'handshake.no-tls': { status: 409, title: 'There is no TLS towards clients here' },
  'rotation.refused': { status: 409, title: 'The rotation cannot go that way now' },
  'finding.undecided': { status: 409, title: 'Somebody must decide how this is mended' },
  'context.refused': { status: 422, title: 'The context cannot be like that' },
  'topology.refused': { status: 422, title: 'These two do not go together' },
  'picture.busy': { status: 503, title: 'Too many pictures are being drawn' },
  'picture.too-large': { status: 422, title: 'That is too much for one picture' },
  internal: { status: 500, title: 'Something failed on our side' },
} as const satisfies Record<string, ProblemType>

export type ProblemCode = keyof typeof problems

/** One fault inside a request or a document. `pointer` is a JSON pointer (RFC 6901). */
export interface Fault {
  pointer: string
  detail: string
  line?: number
  column?: number
}

/** An expected failure. Everything else that is thrown is a bug and a 500. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly faults: readonly Fault[]
  /** Members that this problem adds to its document, e.g. what changed. */
  readonly extra: Readonly<Record<string, unknown>>

  constructor(
    code: ProblemCode,
    detail: string,
    more: { faults?: readonly Fault[]; extra?: Record<string, unknown> } = {},
  ) {
    super(detail)
    this.name = 'Problem'
    this.code = code
    this.faults = more.faults ?? []
    this.extra = more.extra ?? {}
  }

  get status(): number {
    return problems[this.code].status
  }
}

/** The problem as its document (application/problem+json). */
export function problemDocument(problem: Problem, requestId: string) {
  return {
    ...problem.extra,
    type: `urn:hexgate:problem:${problem.code}`,
    title: problems[problem.code].title,
    status: problem.status,
    code: problem.code,
    detail: problem.message,
    ...(problem.faults.length > 0 ? { faults: problem.faults } : {}),
    requestId,
  }
}
