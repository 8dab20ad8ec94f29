import { expect, it } from 'vitest'
import { noFigures, type PlaneFigures } from './data-plane.ts'
import { createExposition } from './exposition.ts'
import { Metrics } from './serve/metrics.ts'

const node = { revision: null, appliedAtSeconds: 12, isPersisted: true, isPortalConnected: false }

const quiet = {
  crashes: 0,
  isCrashLooping: false,
  requests: 0,
  connections: 0,
  refusedShare: 0,
  lateMs: 0,
  rssBytes: 0,
  cpuSeconds: 0,
}

function figures(): PlaneFigures {
  const metrics = new Metrics()
  metrics.connections = 3
  metrics.handshake('listener:https', 'client_cert_expired')
  metrics.answered(metrics.countersOf('api:a'), 200, 3, false)
  metrics.answered(metrics.countersOf('api:a'), 429, 0.5, true, 'rate-limiting.exceeded')
  metrics.dryRefused(metrics.countersOf('api:a'), 'cors.refused')
  const route = metrics.countersOf('api:a')
  route.operations.of('GET /orders/{id}').add(true, 6, 3)
  route.upstreams.of('upstream:a').add(false, 6, 3)
  route.policy({ kind: 'cors', id: 'p1' }).answered++
  route.policy({ kind: 'cors', id: 'p1' }).took(0.003)
  const endpoint = { pools: 2, connections: 4, unhealthy: 1, ejected: 2 }
  return {
    traffic: metrics.figures(),
    policies: new Map([['["jwt-validation","key_sets",[["result","ok"],["issuer","a"]]]', 5]]),
    upstreams: new Map([
      [
        'upstream:a',
        {
          connections: 4,
          idle: 2,
          pending: 1,
          circuitsOpen: 1,
          unverified: 2,
          circuitRefusals: 7,
          retries: 8,
          retriesRefused: 9,
          healthChecks: new Map([['failed', 3]]),
          handshakes: new Map([['upstream_tls_expired', 6]]),
          peers: new Map(),
          agreed: new Map(),
          endpoints: new Map([['https://a:8443', endpoint]]),
        },
      ],
    ]),
    certificates: new Map([
      [
        'x',
        {
          use: 'listener',
          api: 'api:a',
          subject: 'CN=a',
          notBefore: 0,
          notAfter: 1_800_000_000,
          sha256: 'aa',
        },
      ],
    ]),
    sessions: [],
    workers: [
      { ...quiet, worker: 1, isServing: true, requests: 2, connections: 3, refusedShare: 0.25, lateMs: 125 },
      { ...quiet, worker: 2, isServing: false, crashes: 6, isCrashLooping: true },
    ],
    spareBytes: 96_000_000,
    listeners: [],
  }
}

it('says all that is known of traffic, APIs, policies, upstreams, certificates and workers', async () => {
  const { text } = await createExposition(() => node)(figures())
  const lines = text.split('\n')
  for (const line of [
    'hexgate_responses_total{status="429"} 1',
    'hexgate_refusals_total 1',
    'hexgate_own_answers_total{code="rate-limiting.exceeded"} 1',
    'hexgate_dry_run_refusals_total{code="cors.refused"} 1',
    'hexgate_handshakes_total{listener="listener:https",result="client_cert_expired"} 1',
    'hexgate_connections 3',
    'hexgate_refused_connections_total 0',
    'hexgate_policy_events_total{policy="jwt-validation",event="key_sets",labels="result=ok,issuer=a"} 5',
    'hexgate_api_requests_total{api="api:a"} 2',
    'hexgate_api_dry_refused_total{api="api:a"} 1',
    'hexgate_api_request_duration_seconds_bucket{le="0.0005",api="api:a"} 1',
    'hexgate_api_request_duration_seconds_bucket{le="0.004",api="api:a"} 2',
    'hexgate_api_request_duration_seconds_count{api="api:a"} 2',
    'hexgate_request_duration_seconds_sum 0.0035',
    'hexgate_api_operation_requests_total{api="api:a",operation="GET /orders/{id}"} 1',
    'hexgate_api_operation_errors_total{api="api:a",operation="GET /orders/{id}"} 1',
    'hexgate_api_operation_request_duration_seconds_sum{api="api:a",operation="GET /orders/{id}"} 0.003',
    'hexgate_api_upstream_requests_total{api="api:a",upstream="upstream:a"} 1',
    'hexgate_api_upstream_errors_total{api="api:a",upstream="upstream:a"} 0',
    'hexgate_policy_answers_total{api="api:a",policy="cors",id="p1"} 1',
    'hexgate_policy_duration_seconds_count{api="api:a",policy="cors",id="p1"} 1',
    'hexgate_upstream_pending_requests{upstream="upstream:a"} 1',
    'hexgate_upstream_circuits_open{upstream="upstream:a"} 1',
    'hexgate_upstream_unverified{upstream="upstream:a"} 2',
    'hexgate_upstream_retries_total{upstream="upstream:a"} 8',
    'hexgate_upstream_health_checks_total{upstream="upstream:a",result="failed"} 3',
    'hexgate_upstream_handshakes_total{upstream="upstream:a",result="upstream_tls_expired"} 6',
    'hexgate_endpoint_ejected{upstream="upstream:a",endpoint="https://a:8443"} 2',
    'hexgate_certificate_not_after_timestamp_seconds{use="listener",api="api:a",subject="CN=a"} 1800000000',
    'hexgate_worker_requests_total{worker="1"} 2',
    'hexgate_worker_crashes_total{worker="2"} 6',
    'hexgate_worker_up{worker="2"} 0',
    'hexgate_worker_refused_share{worker="1"} 0.25',
    'hexgate_worker_late_seconds{worker="1"} 0.125',
    'hexgate_spare_worker_resident_memory_bytes 96000000',
    'hexgate_config_applied_timestamp_seconds 12',
  ])
    expect(lines).toContain(line)
  expect(text).not.toContain('\nhexgate_config_revision ')
})

it('says nothing of what is there no more', async () => {
  const exposition = createExposition(() => node)
  await exposition(figures())
  const { text } = await exposition(noFigures)
  expect(text).not.toContain('api:a')
  expect(text).not.toContain('worker="2"')
  expect(text).toContain('hexgate_connections 0')
})
