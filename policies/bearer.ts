import type { Exchange, Refusal } from './exchange.ts'

/** Tokens in the Authorization header and the challenges for those that are not good (RFC 6750). */

/** Several headers are never read: which of them counts would be a guess. */
export const severalTokens = Symbol('several')

// token68 (RFC 9110 §11.2): whatever else stands there is no token.
const bearer = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/** The token in the value of a header: undefined for other schemes, and '' for Bearer credentials that cannot be one. */
export function tokenIn(value: string): string | undefined {
  return /^bearer(?: |$)/i.test(value) ? (bearer.exec(value)?.[1] ?? '') : undefined
}

/** The token of a request, as `tokenIn` finds it. */
export function bearerToken(exchange: Exchange): string | typeof severalTokens | undefined {
  const values = exchange.headerValues('authorization')
  if (values.length > 1) return severalTokens
  const [value] = values
  return value === undefined ? undefined : tokenIn(value)
}

// RFC 6750 §3 has these characters alone in a description.
function described(detail: string): string {
  return detail.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?')
}

/** A 401 for a token that is not good; `check` says in the code which check it was. */
export function invalidToken(kind: string, check: string, detail: string): Refusal {
  return {
    status: 401,
    code: `${kind}.${check}`,
    detail,
    headers: { 'www-authenticate': `Bearer error="invalid_token", error_description="${described(detail)}"` },
  }
}

/** A 401 for a request without a token. It carries no error code (RFC 6750 §3.1). */
export function missingToken(kind: string): Refusal {
  return {
    status: 401,
    code: `${kind}.missing`,
    detail: 'The request carries no token.',
    headers: { 'www-authenticate': 'Bearer' },
  }
}

/** A 403 that says which scopes would do. */
export function insufficientScope(kind: string, scopes: readonly string[]): Refusal {
  const detail = 'The token does not have the scopes that this needs.'
  return {
    status: 403,
    code: `${kind}.insufficient_scope`,
    detail,
    headers: {
      'www-authenticate': `Bearer error="insufficient_scope", error_description="${detail}", scope="${scopes.join(' ')}"`,
    },
  }
}
