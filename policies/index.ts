import { apiKeyAuth } from './api-key-auth/policy.ts'
import { claimsAuthorization } from './claims-authorization/policy.ts'
import { clientIdEnforcement } from './client-id-enforcement/policy.ts'
import { connectTimeout } from './connect-timeout/policy.ts'
import { correlationId } from './correlation-id/policy.ts'
import { cors } from './cors/policy.ts'
import type { Policy } from './definition.ts'
import { credentialInjectionApiKey } from './credential-injection-api-key/policy.ts'
import { credentialInjectionBasicAuth } from './credential-injection-basic-auth/policy.ts'
import { credentialInjectionOauth2 } from './credential-injection-oauth2/policy.ts'
import { headerInjection } from './header-injection/policy.ts'
import { headerRemoval } from './header-removal/policy.ts'
import { httpBasicAuthentication } from './http-basic-authentication/policy.ts'
import { ipAllowlist } from './ip-allowlist/policy.ts'
import { ipBlocklist } from './ip-blocklist/policy.ts'
import { jsonThreatProtection } from './json-threat-protection/policy.ts'
import { jwtValidation } from './jwt-validation/policy.ts'
import { messageLogging } from './message-logging/policy.ts'
import { oauth2TokenIntrospection } from './oauth2-token-introspection/policy.ts'
import { rateLimiting } from './rate-limiting/policy.ts'
import { rateLimitingSlaBased } from './rate-limiting-sla-based/policy.ts'
import { requestSizeLimit } from './request-size-limit/policy.ts'
import { responseTimeout } from './response-timeout/policy.ts'
import { specValidation } from './spec-validation/policy.ts'
import { route } from './route/policy.ts'
import { spikeControl } from './spike-control/policy.ts'
import { httpCaching } from './http-caching/policy.ts'
import { streamIdleTimeout } from './stream-idle-timeout/policy.ts'
import { mtlsClientIdentity } from './mtls-client-identity/policy.ts'
import { tls } from './tls/policy.ts'
import { tlsCertificateMonitoring } from './tls-certificate-monitoring/policy.ts'
import { tlsOutbound } from './tls-outbound/policy.ts'
import { tracing } from './tracing/policy.ts'
import { upstreamIdleTimeout } from './upstream-idle-timeout/policy.ts'
import { retry } from './retry/policy.ts'
import { circuitBreaker } from './circuit-breaker/policy.ts'
import { healthCheck } from './health-check/policy.ts'
import { routeWeighted } from './route-weighted/policy.ts'
import { websocketSession } from './websocket-session/policy.ts'

/** Every policy that there is, in the order in which they are offered. */
export const policies = [
  apiKeyAuth,
  jwtValidation,
  claimsAuthorization,
  oauth2TokenIntrospection,
  clientIdEnforcement,
  httpBasicAuthentication,
  websocketSession,
  ipAllowlist,
  ipBlocklist,
  rateLimiting,
  rateLimitingSlaBased,
  spikeControl,
  httpCaching,
  specValidation,
  tracing,
  cors,
  headerInjection,
  headerRemoval,
  requestSizeLimit,
  jsonThreatProtection,
  correlationId,
  messageLogging,
  credentialInjectionBasicAuth,
  credentialInjectionApiKey,
  credentialInjectionOauth2,
  tls,
  mtlsClientIdentity,
  tlsCertificateMonitoring,
  route,
  routeWeighted,
  tlsOutbound,
  connectTimeout,
  responseTimeout,
  streamIdleTimeout,
  upstreamIdleTimeout,
  retry,
  circuitBreaker,
  healthCheck,
] as const

const byKind = new Map<string, Policy>(policies.map((policy) => [policy.kind, policy as Policy]))

/** The policy of a kind, or undefined when there is none. */
export function policyOf(kind: string): Policy | undefined {
  return byKind.get(kind)
}
