import { hash } from 'node:crypto'
import type { TlsTrial } from '#contract/judgement.ts'
import type { InboundTls, OutboundTls } from '#policies/settings.ts'
import { inboundContext, outboundContext } from '#tls/secure-context.ts'

const keptMax = 20_000

/** Settings that were found to be good, by their hashes: pages ask for the same again and again. */
const good = new Set<string>()

function once(direction: keyof TlsTrial, settings: InboundTls | OutboundTls, make: () => unknown): void {
  const key = hash('sha256', JSON.stringify([direction, settings]))
  if (good.has(key)) return
  make()
  if (good.size >= keptMax) good.clear()
  good.add(key)
}

/** Makes what a node would make of TLS settings, only to see that it can be made. */
export const tlsTrial: TlsTrial = {
  inbound: (settings) => once('inbound', settings, () => inboundContext(settings)),
  outbound: (settings) => once('outbound', settings, () => outboundContext(settings)),
}
