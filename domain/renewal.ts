import { z } from 'zod'
import {
  type CertificateFacts,
  type CertificateKind,
  isWeak,
  mayBe,
  pathFrom,
  validityOf,
} from './certificate.ts'
import { count } from './listing.ts'

/** What is looked at before a certificate takes the place of the one that is shown. */

const aspects = ['key', 'chain', 'validity', 'names', 'usage', 'strength', 'end', 'trust'] as const
const verdicts = ['passed', 'warning', 'refused'] as const

export const renewalCheck = z.object({
  aspect: z.enum(aspects),
  verdict: z.enum(verdicts),
  text: z.string(),
})
export type RenewalCheck = z.infer<typeof renewalCheck>

export interface Renewal {
  readonly kind: CertificateKind
  /** The leaf that is shown now. */
  readonly shown: CertificateFacts | undefined
  /** The leaf first. */
  readonly chain: readonly CertificateFacts[]
  /** `waits`: it answers the request that is out, whose key is here. */
  readonly key: 'brought' | 'waits' | 'absent'
  /** Contexts show it, for which nodes need its key. */
  readonly isUsed: boolean
  /** The CAs of those contexts. */
  readonly trusted: readonly CertificateFacts[]
}

/** Everything that is to be said of it, whether it is well or not. */
export function renewalChecks(renewal: Renewal, now: Date): RenewalCheck[] {
  const [leaf] = renewal.chain
  if (!leaf) return []
  return [
    keyCheck(renewal),
    chainCheck(renewal),
    validityCheck(leaf, now),
    ...namesCheck(leaf, renewal.shown),
    ...usageCheck(leaf, renewal.kind),
    ...strengthCheck(leaf, renewal.shown),
    ...endCheck(leaf, renewal.shown),
    ...trustCheck(renewal),
  ]
}

const said = (aspect: RenewalCheck['aspect'], verdict: RenewalCheck['verdict'], text: string) => ({
  aspect,
  verdict,
  text,
})

function keyCheck({ key, isUsed }: Renewal): RenewalCheck {
  if (key === 'brought') return said('key', 'passed', 'Its private key matches.')
  if (key === 'waits') return said('key', 'passed', 'It answers the request that is out: its key is here.')
  if (isUsed) return said('key', 'refused', 'It comes without its key, so it cannot be shown.')
  return said('key', 'warning', 'It comes without its key: no context can show it.')
}

function chainCheck({ chain }: Renewal): RenewalCheck {
  const above = chain.length - 1
  if (above === 0) return said('chain', 'passed', 'It comes alone, without intermediates.')
  return said('chain', 'passed', `It comes with ${count(above, 'intermediate')}, in order from the leaf up.`)
}

function validityCheck(leaf: CertificateFacts, now: Date): RenewalCheck {
  const { state, daysLeft } = validityOf(leaf, now)
  if (state === 'expired') return said('validity', 'warning', `It expired on ${leaf.notAfter.slice(0, 10)}.`)
  if (state === 'not-yet-valid')
    return said('validity', 'warning', `It is not valid before ${leaf.notBefore}.`)
  return said('validity', 'passed', `It is valid now, for ${count(daysLeft, 'day')} more.`)
}

function namesCheck(leaf: CertificateFacts, shown: CertificateFacts | undefined): RenewalCheck[] {
  const before = shown?.names ?? []
  if (before.length === 0) return []
  const lost = before.filter(({ value }) => !leaf.names.some((name) => name.value === value))
  if (lost.length === 0) return [said('names', 'passed', 'It has every name of the one before.')]
  return [said('names', 'warning', `It no longer has ${lost.map(({ value }) => value).join(', ')}.`)]
}

function usageCheck(leaf: CertificateFacts, kind: CertificateKind): RenewalCheck[] {
  if (kind === 'ca') return []
  if (mayBe(kind, leaf)) return [said('usage', 'passed', `It may be used as that of a ${kind}.`)]
  return [said('usage', 'warning', `It may not be used as that of a ${kind}.`)]
}

function strengthCheck(leaf: CertificateFacts, shown: CertificateFacts | undefined): RenewalCheck[] {
  const { algorithm, bits } = leaf.key
  const isShorter = shown?.key.algorithm === algorithm && bits < shown.key.bits
  if (isWeak(leaf))
    return [said('strength', 'warning', `Its key (${algorithm} ${bits}) is too short to be trusted.`)]
  if (isShorter)
    return [said('strength', 'warning', `Its key has ${bits} bits, the one before ${shown.key.bits}.`)]
  return [said('strength', 'passed', `Its key is strong enough: ${algorithm}, ${bits} bits.`)]
}

function endCheck(leaf: CertificateFacts, shown: CertificateFacts | undefined): RenewalCheck[] {
  if (!shown) return []
  if (shown.sha256 === leaf.sha256) return [said('end', 'warning', 'It is the one that is shown already.')]
  if (Date.parse(leaf.notAfter) < Date.parse(shown.notAfter))
    return [said('end', 'warning', 'It ends before the one that is shown.')]
  return [said('end', 'passed', `It ends on ${leaf.notAfter.slice(0, 10)}, after the one that is shown.`)]
}

function trustCheck({ chain: [leaf, ...sent], trusted }: Renewal): RenewalCheck[] {
  if (!leaf || trusted.length === 0) return []
  const { anchor, missing } = pathFrom(leaf, sent, trusted)
  if (anchor) return [said('trust', 'passed', `Its contexts trust it, through ${anchor.subject}.`)]
  return [
    said(
      'trust',
      'warning',
      missing === null
        ? 'None of the CAs of its contexts issued it.'
        : `Its chain is incomplete: ${missing} is neither sent nor trusted by its contexts.`,
    ),
  ]
}
