import type { NetworkClass } from '#domain/network.ts'
import { verdictDash } from './looks.ts'

/** What the signs of the map mean, in words. */

export const contextWords: Record<NetworkClass, string> = {
  'org-internal': 'The organisation runs the CA, for itself.',
  'org-external': 'The organisation runs the CA and issues to trusted parties.',
  'non-org-external': 'The third party runs the CA and issues to the organisation.',
}

export const lineLooks = [
  { label: 'Nothing is known against it', isWrong: false, dash: undefined },
  { label: 'Less protected than it should be', isWrong: false, dash: verdictDash.below },
  { label: 'An error stands against it', isWrong: true, dash: undefined },
  { label: 'Handshakes fail', isWrong: true, dash: verdictDash.broken },
] as const
