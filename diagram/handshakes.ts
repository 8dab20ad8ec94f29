import { figure } from '#domain/figures.ts'
import { codeInWords } from '#domain/gateway-codes.ts'
import type { LegView } from '#domain/leg.ts'
import { mainUpstream } from '#domain/routing.ts'
import type { ApiView, GatewayView } from '#domain/stored.ts'
import { apisOn } from './traffic.ts'
import type { Model } from './model.ts'

/** Handshakes that fail now, as nodes report them: with clients by gateway, with upstreams by API. */

/** What stands under the hexagon of a leg on which they fail. */
export const failingMark = 'TLS fails'

/** How often clients fail in the handshake; null where none did, or nobody says. */
export function handshakesText({ nodes }: GatewayView): string | null {
  const failed = nodes?.failedHandshakesPerSecond ?? 0
  return failed > 0 ? `${figure(failed)} TLS failures/s` : null
}

/** Why the gateway's handshakes on a leg fail, and how often. */
export interface LegFailure {
  readonly api: ApiView
  /** Null of the one that it has without a name. */
  readonly upstream: string | null
  readonly why: string
  readonly perSecond: number
}

/** The most frequent first; null where nobody can know: the gateway makes no handshake there, or no node says. */
export function legFailures(model: Model, leg: LegView): LegFailure[] | null {
  if (leg.side !== 'outbound' || leg.from.kind !== 'gateway') return null
  const known = apisOn(model, leg).flatMap((api) =>
    api.failedHandshakes ? [{ api, all: api.failedHandshakes }] : [],
  )
  if (known.length === 0) return null
  return known
    .flatMap(({ api, all }) =>
      all.map(({ upstream, code, perSecond }) => ({
        api,
        upstream: upstream === mainUpstream ? null : upstream,
        why: codeInWords(code) ?? code,
        perSecond,
      })),
    )
    .toSorted((a, b) => b.perSecond - a.perSecond)
}

/** All of them together; null where none fails. */
export function failingText(failures: readonly LegFailure[] | null): string | null {
  const perSecond = (failures ?? []).reduce((sum, each) => sum + each.perSecond, 0)
  return perSecond > 0 ? `${figure(perSecond)} TLS failures/s` : null
}
