import type { CheckState, HandshakeCheck } from '#domain/handshake.ts'
import type { ProbeStage } from '#domain/probe.ts'
import type { Look } from '../../ui/state.tsx'

/** What each check of a handshake is called, as a step that is read from top to bottom. */
export const checkTitle: Record<HandshakeCheck, string> = {
  shown: 'Certificate shown',
  readable: 'Readable',
  strength: 'Key and signature',
  chain: 'Chain to a trusted CA',
  usage: 'For clients',
  revocation: 'Not revoked',
  validity: 'Valid today',
  names: 'Allowed name',
  pins: 'Pinned key',
}

export const checkLook: Record<CheckState, Look> = {
  passed: { label: 'passed', tone: 'ok' },
  failed: { label: 'failed', tone: 'err' },
  'not-asked': { label: 'not asked for', tone: 'idle' },
  'not-reached': { label: 'not reached', tone: 'idle' },
}

/** The stages of a probe as they are read on a line of time. */
export const stageTitle: Record<ProbeStage, string> = {
  resolve: 'Name',
  connect: 'Connection',
  tls: 'TLS',
}
