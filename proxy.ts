import { type NextRequest, NextResponse } from 'next/server'

const development = process.env.NODE_ENV === 'development'

/**
 * Gives each page a content security policy with a nonce of its own. It decides nothing about access:
 * that is done where data is read and written.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = btoa(crypto.randomUUID())
  const policy = contentSecurityPolicy(nonce)
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  // Where to return to after signing in; server components are not told their own address.
  headers.set('x-hexgate-path', request.nextUrl.pathname + request.nextUrl.search)
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  return response
}

function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'self'",
    // React's development build rebuilds server stacks with eval; the production build has no need of it.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    // Graphs and editors position their parts with style attributes, which no nonce can cover.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    `form-action 'self' ${issuerOrigin()}`.trimEnd(),
    "frame-ancestors 'none'",
  ].join('; ')
}

// The sign-in form is answered with a redirect to the issuer, and browsers hold form-action against redirects too.
function issuerOrigin(): string {
  return URL.parse(process.env['OIDC_ISSUER'] ?? '')?.origin ?? ''
}

export const config = {
  // Prefetches too: what a browser fetched ahead is shown under the policy that came with it.
  matcher: ['/((?!api/|_next/static|_next/image|favicon.ico|icon.svg).*)'],
}
