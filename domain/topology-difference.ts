import { z } from 'zod'
import { actualText, badnessOf, contextOf } from './context.ts'
import { type LegReading, type LegView, readingsOf } from './leg.ts'
import { ascending, count, listed } from './listing.ts'
import type { GatewayView } from './stored.ts'
import type { Topology } from './topology.ts'

/** What differs between two topologies: which legs came, went or are trusted otherwise, and whose CAs changed. */

const legChange = z.object({
  kind: z.enum(['added', 'removed', 're-trusted', 'changed-ca']),
  legId: z.string(),
  text: z.string(),
  weakens: z.boolean().describe('Whether it takes protection away, or lets in more'),
})

/** A context that trusts others than before, or shows a certificate of another issuer. */
const contextChange = z.object({
  contextId: z.string(),
  name: z.string(),
  added: z.array(z.string()).describe('Names of CAs'),
  removed: z.array(z.string()).describe('Names of CAs'),
  text: z.string(),
})

const flowChange = z.object({
  kind: z.enum(['added', 'removed', 'reclassified']),
  flowId: z.string(),
  text: z.string(),
})

/** Nodes that came, went, or serve another revision than before. */
const gatewayChange = z.object({ gatewayId: z.string(), text: z.string() })

export const topologyDifference = z.object({
  legs: z.array(legChange),
  contexts: z.array(contextChange),
  flows: z.array(flowChange),
  gateways: z.array(gatewayChange),
})

export type LegChange = z.infer<typeof legChange>
export type ContextChange = z.infer<typeof contextChange>
export type FlowChange = z.infer<typeof flowChange>
export type GatewayChange = z.infer<typeof gatewayChange>
export type TopologyDifference = z.infer<typeof topologyDifference>

type Compared = Pick<
  Topology,
  'legs' | 'flows' | 'contexts' | 'authorities' | 'certificates' | 'parties' | 'apis' | 'gateways'
>

export function compareTopologies(before: Compared, after: Compared): TopologyDifference {
  const contexts = contextChanges(before, after)
  return {
    legs: legChanges(before.legs, after.legs, contexts),
    contexts,
    flows: flowChanges(before, after),
    gateways: gatewayChanges(before.gateways, after.gateways),
  }
}

/** What is in one, in the other and in both, by id and in order. */
function paired<T extends { readonly id: string }>(
  before: readonly T[],
  after: readonly T[],
): [before: T | undefined, after: T | undefined][] {
  const had = new Map(before.map((each) => [each.id, each]))
  const has = new Map(after.map((each) => [each.id, each]))
  return [...new Set([...had.keys(), ...has.keys()])]
    .toSorted(ascending)
    .map((id) => [had.get(id), has.get(id)])
}

// ── legs ────────────────────────────────────────────────────────────────────

function legChanges(
  before: readonly LegView[],
  after: readonly LegView[],
  contexts: readonly ContextChange[],
): LegChange[] {
  const changed = new Map(contexts.map((change) => [change.contextId, change]))
  return paired(before, after).flatMap(([had, has]): LegChange[] => {
    if (had && has) return [...retrusted(had, has), ...changedCa(had, has, changed)]
    if (has) return [{ kind: 'added', legId: has.id, text: said(has, 'is new', has), weakens: isOpen(has) }]
    return had ? [{ kind: 'removed', legId: had.id, text: `${between(had)} is gone.`, weakens: false }] : []
  })
}

function between({ from, to }: LegView): string {
  return `${from.name} to ${to.name}`
}

function said(leg: LegView, what: string, reading: LegReading): string {
  return `${between(leg)} ${what}: ${actualText(reading.actual)}.`
}

/** Nobody need show a certificate on a leg that crosses a boundary. */
function isOpen({ crosses, actual, verdict }: LegView): boolean {
  return (
    crosses &&
    badnessOf(actual, verdict) >= badnessOf({ state: 'permissive', because: '', context: null }, 'below')
  )
}

function retrusted(had: LegView, has: LegView): LegChange[] {
  const keys = (leg: LegView) => readingsOf(leg).map(({ actual, tls }) => JSON.stringify([actual, tls]))
  if (keys(had).join() === keys(has).join()) return []
  const [was, is] = [actualText(had.actual), actualText(has.actual)]
  const text =
    was === is
      ? `${between(has)} speaks TLS otherwise than before.`
      : `${between(has)} was ${was}; it is ${is}.`
  return [{ kind: 're-trusted', legId: has.id, text, weakens: isWeaker(had, has) }]
}

function isWeaker(had: LegReading, has: LegReading): boolean {
  const [was, is] = [had, has].map(({ actual, verdict }) => badnessOf(actual, verdict))
  if (was !== is) return (is ?? 0) > (was ?? 0)
  if (!had.tls || !has.tls) return false
  const allowed = has.tls.subjectAltNames
  const isWider =
    had.tls.subjectAltNames.length > 0 &&
    (allowed.length === 0 || allowed.some((name) => !had.tls?.subjectAltNames.includes(name)))
  return isWider || has.tls.minVersion < had.tls.minVersion
}

function changedCa(had: LegView, has: LegView, changed: ReadonlyMap<string, ContextChange>): LegChange[] {
  const used = (leg: LegView) => new Set(readingsOf(leg).map(({ actual }) => contextOf(actual)?.id ?? ''))
  const both = [...used(has)].filter((id) => used(had).has(id)).flatMap((id) => changed.get(id) ?? [])
  if (both.length === 0) return []
  const text = `${between(has)}: ${both.map((change) => change.text).join(' ')}`
  return [{ kind: 'changed-ca', legId: has.id, text, weakens: both.some(({ added }) => added.length > 0) }]
}

// ── contexts ────────────────────────────────────────────────────────────────

interface Trusted {
  /** Names of CAs by their certificates' fingerprints. */
  readonly authorities: ReadonlyMap<string, string>
  /** Whose certificate is shown. */
  readonly issuer: string | null
}

function contextChanges(before: Compared, after: Compared): ContextChange[] {
  return paired(before.contexts, after.contexts).flatMap(([had, has]): ContextChange[] => {
    if (!had || !has) return []
    const [was, is] = [trustedIn(had, before), trustedIn(has, after)]
    const added = [...is.authorities].filter(([print]) => !was.authorities.has(print)).map(([, name]) => name)
    const removed = [...was.authorities]
      .filter(([print]) => !is.authorities.has(print))
      .map(([, name]) => name)
    const words = [
      ...(added.length > 0 ? [`trusts ${listed(added)} too`] : []),
      ...(removed.length > 0 ? [`no longer trusts ${listed(removed)}`] : []),
      ...(was.issuer !== is.issuer
        ? [`shows a certificate from ${is.issuer ?? 'nobody'} in place of ${was.issuer ?? 'none'}`]
        : []),
    ]
    if (words.length === 0) return []
    return [{ contextId: has.id, name: has.name, added, removed, text: `${has.name} ${words.join(', ')}.` }]
  })
}

function trustedIn({ authorityIds, keystoreId }: Compared['contexts'][number], where: Compared): Trusted {
  const authorities = where.authorities.filter(({ id }) => authorityIds.includes(id))
  const keystore = where.certificates.find(({ id }) => id === keystoreId)
  return {
    authorities: new Map(authorities.map(({ certificate, name }) => [certificate.sha256, name])),
    issuer: keystore?.chain[0]?.issuer ?? null,
  }
}

// ── flows ───────────────────────────────────────────────────────────────────

function flowChanges(before: Compared, after: Compared): FlowChange[] {
  return paired(before.flows, after.flows).flatMap(([had, has]): FlowChange[] => {
    if (!had) return has ? [{ kind: 'added', flowId: has.id, text: `${flowName(has, after)} is new.` }] : []
    if (!has) return [{ kind: 'removed', flowId: had.id, text: `${flowName(had, before)} is gone.` }]
    const [was, is] = [had, has].map(({ classification }) =>
      classification ? `pattern ${classification.pattern}` : 'not classified',
    )
    if (was === is) return []
    const text = `${flowName(has, after)} was ${was}; it is ${is}.`
    return [{ kind: 'reclassified', flowId: has.id, text }]
  })
}

function flowName({ consumerId, apiId }: Compared['flows'][number], { parties, apis }: Compared): string {
  const consumer = parties.find(({ id }) => id === consumerId)?.name ?? consumerId
  return `${consumer} to ${apis.find(({ id }) => id === apiId)?.name ?? apiId}`
}

// ── gateways ────────────────────────────────────────────────────────────────

// Where one of the moments says nothing of nodes there is nothing to compare.
function gatewayChanges(before: Compared['gateways'], after: Compared['gateways']): GatewayChange[] {
  return paired(before, after).flatMap(([had, has]): GatewayChange[] => {
    if (!had?.nodes || !has?.nodes) return []
    const [was, is] = [nodesText(had.nodes), nodesText(has.nodes)]
    return was === is ? [] : [{ gatewayId: has.id, text: `${has.name} had ${was}; it has ${is}.` }]
  })
}

function nodesText({ total, online, degraded, current }: NonNullable<GatewayView['nodes']>): string {
  return [
    `${online} of ${count(total, 'node')} online`,
    ...(degraded > 0 ? [`${degraded} degraded`] : []),
    `${current} at its revision`,
  ].join(', ')
}
