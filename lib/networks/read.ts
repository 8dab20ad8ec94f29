import { z } from 'zod'
import { isOffline } from '#domain/deployment.ts'
import { type NodeDetails, ratesOf } from '#domain/node-report.ts'
import { Problem } from '#domain/problem.ts'
import {
  type ApiView,
  type Deployment,
  type GatewayView,
  gatewayView,
  type NetworkView,
  type PartyView,
  type Stored,
} from '#domain/stored.ts'
import { describeTopology, type Topology } from '#domain/topology.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db } from '../db.ts'
import { pulseOf, trafficOf, withTraffic } from '../gateways/pulse.ts'
import { organisationWatch } from '../organisation/watch.ts'
import { appliedSets } from './applied.ts'
import { arrangementOf } from './arrangement.ts'
import { type FailedByApi, failedWithClients, failedWithUpstreams } from './handshakes.ts'
import { readObserved } from './observed.ts'
import { inboundSideOf, trustPolicies, upstreamsOf, watchOf } from './sides.ts'
import { trustOf } from '../trust/read.ts'
import { toAcceptance } from '../trust/stored.ts'
import { toNetwork, toParty } from './stored.ts'

/** The organisation's topology with everything that is derived from it. */
export async function readTopology(actor: Actor, now = new Date()): Promise<Topology> {
  return describeTopology(await readStored(actor, now), now)
}

/** What the topology is derived from. */
export async function readStored(actor: Actor, now = new Date()): Promise<Stored> {
  requirePermission(actor, 'topology.read')
  const { organisationId } = actor
  const [networks, parties, gateways, instances, flows, trust, acceptances, peers, arrangement, watch] =
    await Promise.all([
      listNetworks(actor),
      listParties(actor),
      gatewayRows(organisationId),
      instanceRows(organisationId),
      db().flow.findMany({ where: { organisationId }, orderBy: { id: 'asc' } }),
      trustOf(db(), organisationId),
      db().findingAcceptance.findMany({ where: { organisationId }, orderBy: { id: 'asc' } }),
      readObserved(organisationId),
      arrangementOf(organisationId),
      organisationWatch(db(), organisationId),
    ])
  const manifests = await manifestsOf(gateways)
  const byId = new Map(
    gateways.map((gateway) => [
      gateway.id,
      { gateway, manifests, failed: failedWithUpstreams(gateway.nodes, now) },
    ]),
  )
  const apis = instances.flatMap((instance): ApiView[] => {
    const served = byId.get(instance.gatewayId)
    return served ? [apiOf(instance, served, now)] : []
  })
  return {
    networks,
    parties,
    gateways: gateways.map((gateway) => gatewayOf(gateway, now)),
    apis,
    flows: flows.map(({ id, consumerId, instanceId, createdAt }) => ({
      id,
      consumerId,
      apiId: instanceId,
      declaredAt: createdAt.toISOString(),
    })),
    ...trust,
    watch,
    networkPolicies: await appliedSets(organisationId, gateways, apis),
    observed: peers,
    acceptances: acceptances.map(toAcceptance),
    arrangement,
  }
}

/** The organisation's networks by name. */
export async function listNetworks(actor: Actor): Promise<NetworkView[]> {
  requirePermission(actor, 'topology.read')
  const where = { organisationId: actor.organisationId }
  return (await db().network.findMany({ where, orderBy: { name: 'asc' } })).map(toNetwork)
}

/** The organisation's consumers and providers by name. */
export async function listParties(actor: Actor): Promise<PartyView[]> {
  requirePermission(actor, 'topology.read')
  const where = { organisationId: actor.organisationId }
  return (await db().party.findMany({ where, orderBy: { name: 'asc' } })).map(toParty)
}

export async function readNetwork(actor: Actor, id: string): Promise<NetworkView> {
  requirePermission(actor, 'topology.read')
  const row = await db().network.findFirst({ where: { id, organisationId: actor.organisationId } })
  if (!row) throw new Problem('not-found', 'There is no such network.')
  return toNetwork(row)
}

export async function readParty(actor: Actor, id: string): Promise<PartyView> {
  requirePermission(actor, 'topology.read')
  const row = await db().party.findFirst({ where: { id, organisationId: actor.organisationId } })
  if (!row) throw new Problem('not-found', 'There is no such party.')
  return toParty(row)
}

const nodeFields = {
  appliedRevision: true,
  connectedAt: true,
  disconnectedAt: true,
  lastSeenAt: true,
  report: { select: { ...withTraffic.report.select, upstreams: true } },
} as const

function gatewayRows(organisationId: string) {
  return db().gateway.findMany({
    where: { organisationId },
    orderBy: { name: 'asc' },
    include: { environment: { select: { name: true, kind: true } }, nodes: { select: nodeFields } },
  })
}
type GatewayRow = Awaited<ReturnType<typeof gatewayRows>>[number]

function instanceRows(organisationId: string) {
  return db().apiInstance.findMany({
    where: { organisationId },
    orderBy: [{ basePath: 'asc' }, { id: 'asc' }],
    include: {
      apiVersion: { select: { label: true, api: { select: { id: true, title: true } } } },
      policies: {
        where: { kind: { in: trustPolicies } },
        select: { kind: true, enabled: true, config: true, upstreams: true },
      },
    },
  })
}
type InstanceRow = Awaited<ReturnType<typeof instanceRows>>[number]

const listeners = gatewayView.shape.listeners

function gatewayOf(gateway: GatewayRow, now: Date): GatewayView {
  const online = gateway.nodes.filter((node) => !isOffline(node, now))
  return {
    id: gateway.id,
    name: gateway.name,
    networkId: gateway.networkId,
    environment: gateway.environment.name,
    environmentKind: gateway.environment.kind,
    listeners: listeners.safeParse(gateway.listeners).data ?? [],
    revision: gateway.headRevision,
    nodes: {
      total: gateway.nodes.length,
      online: online.length,
      degraded: online.filter((node) => pulseOf(node, now)?.status === 'degraded').length,
      current: gateway.nodes.filter((node) => node.appliedRevision === gateway.headRevision).length,
      failedHandshakesPerSecond: failedWithClients(gateway.nodes, now),
    },
    version: gateway.version,
  }
}

type Manifests = ReadonlyMap<string, Readonly<Record<string, string>>>
const itemHashes = z.object({ items: z.record(z.string(), z.string()) })
const manifestKey = (gatewayId: string, revision: number) => `${gatewayId} ${revision}`

// Of each gateway: what is wanted now, and what its nodes say they serve.
async function manifestsOf(gateways: readonly GatewayRow[]): Promise<Manifests> {
  const wanted = gateways.map(({ id, headRevision, nodes }) => ({
    gatewayId: id,
    number: { in: [headRevision, ...nodes.flatMap(({ appliedRevision }) => appliedRevision ?? [])] },
  }))
  const revisions = await db().revision.findMany({
    where: { OR: wanted },
    select: { gatewayId: true, number: true, manifest: true },
  })
  return new Map(
    revisions.map(({ gatewayId, number, manifest }) => [
      manifestKey(gatewayId, number),
      itemHashes.parse(manifest).items,
    ]),
  )
}

interface ServedBy {
  readonly gateway: GatewayRow
  readonly manifests: Manifests
  readonly failed: FailedByApi
}

function apiOf(instance: InstanceRow, { gateway, manifests, failed }: ServedBy, now: Date): ApiView {
  const { id, gatewayId, providerId, host, basePath, listenerIds, upstreamUrl, enabled, version } = instance
  const { api, label } = instance.apiVersion
  return {
    id,
    apiId: api.id,
    name: api.title,
    label,
    gatewayId,
    providerId,
    host,
    basePath,
    listenerIds,
    upstreamUrl,
    inbound: inboundSideOf(instance.policies),
    upstreams: upstreamsOf(instance, instance.policies),
    watch: watchOf(instance.policies),
    enabled,
    version,
    deployment: deploymentOf(id, gateway, manifests),
    traffic: trafficAt(id, gateway, now),
    failedHandshakes: failed && (failed.get(id) ?? []),
  }
}

function deploymentOf(instanceId: string, gateway: GatewayRow, manifests: Manifests): Deployment {
  const itemId = `api:${instanceId}`
  const hashAt = (revision: number) => manifests.get(manifestKey(gateway.id, revision))?.[itemId]
  const wanted = hashAt(gateway.headRevision)
  if (wanted === undefined) return 'not-deployed'
  const serving = gateway.nodes.filter(
    ({ appliedRevision }) => appliedRevision !== null && hashAt(appliedRevision) === wanted,
  )
  if (serving.length === 0) return 'waiting'
  return serving.length < gateway.nodes.length ? 'partly' : 'serving'
}

type Quantiles = NonNullable<NodeDetails['apis'][string]['latencyMs']>

// Quantiles of several nodes cannot be put together; that of the slowest hides nothing.
function slowest(latencies: readonly Quantiles[]): { p50: number; p99: number } | null {
  if (latencies.length === 0) return null
  return {
    p50: Math.max(...latencies.map(({ p50 }) => p50)),
    p99: Math.max(...latencies.map(({ p99 }) => p99)),
  }
}

function trafficAt(instanceId: string, gateway: GatewayRow, now: Date): ApiView['traffic'] {
  const total = { requestsPerSecond: 0, errorsPerSecond: 0, refusedPerSecond: 0 }
  const latencies: Quantiles[] = []
  let reported = false
  for (const node of gateway.nodes) {
    const latest = trafficOf(node, now)
    if (!latest) continue
    reported = true
    const counted = latest.apis[instanceId]
    if (!counted) continue
    const rates = ratesOf(counted, latest.pulse.intervalMs)
    total.requestsPerSecond += rates.requestsPerSecond
    total.errorsPerSecond += rates.errorsPerSecond
    total.refusedPerSecond += rates.refusedPerSecond
    if (counted.latencyMs) latencies.push(counted.latencyMs)
  }
  return reported ? { ...total, latencyMs: slowest(latencies) } : null
}
