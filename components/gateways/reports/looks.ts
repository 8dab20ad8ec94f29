import type { ValidityState } from '#domain/certificate.ts'
import type { CertificateReport, WorkerReport } from '#domain/node-report.ts'
import type { EndpointState, UpstreamState } from '#domain/upstream-state.ts'
import type { Look } from '../../ui/state.tsx'

export const upstreamLook: Record<UpstreamState, Look> = {
  down: { label: 'down', tone: 'err' },
  partly: { label: 'partly down', tone: 'warn' },
  healthy: { label: 'healthy', tone: 'ok' },
  unchecked: { label: 'not checked', tone: 'idle' },
}

export const endpointLook: Record<EndpointState, Look> = {
  unhealthy: { label: 'fails its checks', tone: 'err' },
  ejected: { label: 'ejected', tone: 'err' },
  healthy: { label: 'healthy', tone: 'ok' },
  unchecked: { label: 'not checked', tone: 'idle' },
}

export const validityLook: Record<ValidityState, Look> = {
  valid: { label: 'valid', tone: 'ok' },
  expiring: { label: 'expiring', tone: 'warn' },
  critical: { label: 'expiring', tone: 'err' },
  expired: { label: 'expired', tone: 'err' },
  'not-yet-valid': { label: 'not valid yet', tone: 'err' },
}

/** What a certificate is for, as the one who runs the gateway would say it. */
export const useLabel: Record<CertificateReport['use'], string> = {
  listener: 'shown to clients',
  'listener-ca': 'trusted of clients',
  upstream: 'shown to upstreams',
  'upstream-ca': 'trusted of upstreams',
}

/** A worker that serves between two ends is well only until the next one. */
export function workerLook({ isServing, isCrashLooping = false }: WorkerReport): Look {
  if (isCrashLooping) return { label: 'keeps ending', tone: 'err' }
  return isServing ? { label: 'serving', tone: 'ok' } : { label: 'starting', tone: 'busy' }
}
