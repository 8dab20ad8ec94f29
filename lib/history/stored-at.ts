import { usualWatch } from '#domain/certificate.ts'
import type { GatewayView, Stored } from '#domain/stored.ts'
import type { Tx } from '../db.ts'
import type { Hashes } from '../publish/compile.ts'
import { manifestOf } from '../publish/draft.ts'
import { watchBy } from '../organisation/watch.ts'
import { appliedSetOf } from '../networks/placing.ts'
import {
  apisIn,
  askingIn,
  listenersIn,
  type Served,
  topologyItems,
  type TopologyItems,
} from './deployed-apis.ts'
import { nodesIn } from './past-nodes.ts'
import { observedIn } from './past-observed.ts'
import { byName, type PastRows, rowsAt, trustIn } from './past-rows.ts'

/** In place of what a gateway was to serve then. */
export interface Instead {
  readonly gatewayId: string
  readonly hashes: Hashes
}

/**
 * What the topology was made of at that time. What APIs are is what gateways were to serve: their manifests say it,
 * with all of TLS. What stands around them is what was kept of the other rows.
 */
export async function storedAt(tx: Tx, organisationId: string, at: Date, instead?: Instead): Promise<Stored> {
  const rows = await rowsAt(tx, organisationId, at)
  const publishedAt = new Map<string, string>()
  const served = await Promise.all(
    rows.Gateway.map(async (gateway): Promise<Served> => {
      if (gateway.id === instead?.gatewayId) return instead
      const head = { ...gateway, organisationId, listeners: null }
      const manifest = await manifestOf(tx, head, gateway.headRevision)
      if (manifest) publishedAt.set(gateway.id, manifest.publishedAt)
      return { gatewayId: gateway.id, hashes: manifest?.items ?? {} }
    }),
  )
  const items = await topologyItems(tx, organisationId, served)
  const gateways = gatewaysIn(rows, items, at)
  const apis = [...items].flatMap(([gatewayId, own]) => apisIn(gatewayId, own, besideIn(rows)))
  return {
    networks: byName(rows.Network),
    parties: byName(rows.Party),
    gateways,
    apis,
    flows: rows.Flow.map(({ id, consumerId, instanceId }) => ({ id, consumerId, apiId: instanceId })),
    ...trustIn(rows),
    watch: watchIn(rows),
    networkPolicies: rows.NetworkPolicySet.flatMap((set) => {
      const gateway = gateways.find(({ id }) => id === set.gatewayId)
      const asking = askingIn(items.get(set.gatewayId) ?? new Map())
      return gateway ? [appliedSetOf(set, { ...gateway, apis, asking })] : []
    }),
    observed: observedIn(rows, at, publishedAt),
    acceptances: rows.FindingAcceptance,
    arrangement: {},
  }
}

// Of a time from before it was kept, what is usual.
function watchIn({ Organisation: [organisation] }: PastRows) {
  return organisation ? watchBy(organisation.warningDays) : usualWatch
}

function gatewaysIn(rows: PastRows, items: ReadonlyMap<string, TopologyItems>, at: Date): GatewayView[] {
  const environments = new Map(rows.Environment.map((environment) => [environment.id, environment]))
  return byName(rows.Gateway).map((gateway) => ({
    id: gateway.id,
    name: gateway.name,
    networkId: gateway.networkId,
    environment: environments.get(gateway.environmentId)?.name ?? '',
    environmentKind: environments.get(gateway.environmentId)?.kind ?? 'production',
    listeners: listenersIn(items.get(gateway.id) ?? new Map()),
    revision: gateway.headRevision,
    nodes: nodesIn(rows, gateway, at),
    version: 0,
  }))
}

function besideIn(rows: PastRows) {
  const apis = new Map(rows.Api.map((api) => [api.name, api]))
  const providers = new Map(rows.ApiInstance.map(({ id, providerId }) => [id, providerId]))
  return {
    apiId: (name: string) => apis.get(name)?.id ?? name,
    title: (name: string) => apis.get(name)?.title ?? name,
    providerId: (instanceId: string) => providers.get(instanceId) ?? null,
  }
}
