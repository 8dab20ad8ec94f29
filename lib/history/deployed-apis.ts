import {
  type ApiItem,
  type Item,
  type ListenerItem,
  type UpstreamItem,
  upstreamNames,
} from '#contract/items.ts'
import type { ApiView, GatewayView } from '#domain/stored.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import { askingKinds } from '../check/errands.ts'
import type { Tx } from '../db.ts'
import type { Asking } from '../networks/placing.ts'
import { inboundSideOf, upstreamsOf, watchOf } from '../networks/sides.ts'
import { type Hashes, instanceOf } from '../publish/compile.ts'

/** What items say of the APIs that they are, as the topology knows APIs. */

/** What a gateway was to serve. */
export interface Served {
  readonly gatewayId: string
  readonly hashes: Hashes
}

/** Listeners, upstreams and APIs; their secrets stay sealed, since nobody needs them here. */
export type TopologyItems = ReadonlyMap<string, Item>

export async function topologyItems(
  tx: Tx,
  organisationId: string,
  served: readonly Served[],
): Promise<ReadonlyMap<string, TopologyItems>> {
  const wanted = served.flatMap(({ hashes }) =>
    Object.entries(hashes).flatMap(([itemId, hash]) =>
      /^(?:api|upstream|listener):/.test(itemId) ? [hash] : [],
    ),
  )
  const where: Prisma.ItemWhereInput = { organisationId, hash: { in: [...new Set(wanted)] } }
  const rows = await tx.item.findMany({ where, select: { hash: true, content: true } })
  // Checked before they were stored, and immutable since.
  const byHash = new Map(rows.map(({ hash, content }) => [hash, content as Item]))
  return new Map(
    served.map(({ gatewayId, hashes }) => [
      gatewayId,
      new Map(
        Object.entries(hashes).flatMap(([itemId, hash]) => {
          const item = byHash.get(hash)
          return item ? [[itemId, item] as const] : []
        }),
      ),
    ]),
  )
}

export function listenersIn(items: TopologyItems): GatewayView['listeners'] {
  return [...items.values()]
    .filter((item): item is ListenerItem => item.kind === 'listener')
    .map(({ id, protocol, address, port }) => ({ id: ownId(id), protocol, address, port }))
}

const ownId = (itemId: string) => itemId.slice(itemId.indexOf(':') + 1)

/** What of an API its items do not say. */
export interface Beside {
  readonly apiId: (name: string) => string
  readonly title: (name: string) => string
  readonly providerId: (instanceId: string) => string | null
}

export function apisIn(gatewayId: string, items: TopologyItems, beside: Beside): ApiView[] {
  return [...items.values()].flatMap((item) =>
    item.kind === 'api' ? [apiView(gatewayId, item, items, beside)] : [],
  )
}

/** The policies among them that ask somebody themselves. */
export function askingIn(items: TopologyItems): Asking[] {
  return [...items.values()].flatMap((item) =>
    item.kind === 'api'
      ? item.policies.flatMap(({ kind, config }) =>
          askingKinds.includes(kind) ? [{ instanceId: instanceOf(item.id) ?? item.id, kind, config }] : [],
        )
      : [],
  )
}

function apiView(gatewayId: string, api: ApiItem, items: TopologyItems, beside: Beside): ApiView {
  const id = instanceOf(api.id) ?? api.id
  const names = upstreamNames(api)
  const policies = api.policies.map(({ kind, config, upstreams = [] }) => ({
    kind,
    config,
    enabled: true,
    upstreams: upstreams.flatMap((upstream) => names.get(upstream) ?? []),
  }))
  const endpoints = (itemId: string) => endpointsOf(items.get(itemId))
  const main = endpoints(api.upstream)
  const destinations = Object.entries(api.destinations ?? {}).map(([name, itemId]) => ({
    name,
    endpoints: endpoints(itemId),
  }))
  const upstreamUrl = main[0]?.url ?? ''
  return {
    id,
    apiId: beside.apiId(api.name),
    name: beside.title(api.name),
    label: api.version,
    gatewayId,
    providerId: beside.providerId(id),
    host: api.host,
    basePath: api.basePath,
    listenerIds: (api.listeners ?? []).map(ownId),
    upstreamUrl,
    inbound: inboundSideOf(policies),
    upstreams: upstreamsOf({ upstreamUrl, upstream: { endpoints: main }, destinations }, policies),
    watch: watchOf(policies),
    enabled: true,
    version: 0,
    deployment: 'deployed',
    traffic: null,
    failedHandshakes: null,
  }
}

function endpointsOf(item: Item | undefined): UpstreamItem['endpoints'] {
  return item?.kind === 'upstream' ? item.endpoints : []
}
