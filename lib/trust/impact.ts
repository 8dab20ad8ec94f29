import { tlsContextId } from '#contract/items.ts'
import { isOffline } from '#domain/deployment.ts'
import { nodeDetails } from '#domain/node-report.ts'
import type { Side } from '#domain/peer.ts'
import { gatewayView } from '#domain/stored.ts'
import type { TrustImpact } from '#domain/trust-record.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '../db.ts'
import { pulseOf } from '../gateways/pulse.ts'
import { deployedUsers } from '../publish/context-users.ts'
import { manifestOf } from '../publish/draft.ts'

/** What takes its trust from contexts as it is deployed now, and what nodes last said of it. */
export async function impactOf(
  tx: Tx,
  organisationId: string,
  contextIds: readonly string[],
  now = new Date(),
): Promise<TrustImpact> {
  const [gateways, contexts] = await Promise.all([
    tx.gateway.findMany({ where: { organisationId }, select: gatewayFields, orderBy: { name: 'asc' } }),
    tx.mtlsContext.findMany({
      where: { organisationId, id: { in: [...contextIds] } },
      select: { id: true, name: true },
      orderBy: { name: 'asc' },
    }),
  ])
  const touched: Touched[] = []
  for (const gateway of gateways) {
    const users = await usersAt(tx, gateway, contextIds)
    if (users.size > 0) touched.push({ gateway, users, ...(await instancesAt(tx, organisationId, users)) })
  }
  return {
    gateways: touched.map(({ gateway }) => gatewayOf(gateway, now)),
    listeners: touched.flatMap(listenersOf),
    apis: touched.flatMap((each) => apisOf(each, now)),
    consumers: consumersOf(touched),
    contexts,
  }
}

const gatewayFields = {
  id: true,
  organisationId: true,
  name: true,
  listeners: true,
  headRevision: true,
  nodes: {
    select: {
      appliedRevision: true,
      connectedAt: true,
      disconnectedAt: true,
      lastSeenAt: true,
      report: { select: { receivedAt: true, pulse: true, sessions: true } },
    },
  },
} satisfies Prisma.GatewaySelect
type GatewayRow = Prisma.GatewayGetPayload<{ select: typeof gatewayFields }>

const instanceFields = {
  id: true,
  listenerIds: true,
  apiVersion: { select: { label: true, api: { select: { title: true } } } },
  flows: { select: { consumer: { select: { id: true, name: true } } } },
} satisfies Prisma.ApiInstanceSelect
type InstanceRow = Prisma.ApiInstanceGetPayload<{ select: typeof instanceFields }>

interface Touched {
  readonly gateway: GatewayRow
  /** By instance. */
  readonly users: ReadonlyMap<string, ReadonlySet<Side>>
  readonly instances: readonly InstanceRow[]
}

async function usersAt(tx: Tx, gateway: GatewayRow, contextIds: readonly string[]) {
  const hashes = (await manifestOf(tx, gateway, gateway.headRevision))?.items ?? {}
  const users = new Map<string, Set<Side>>()
  for (const contextId of contextIds) {
    if (hashes[tlsContextId(contextId)] === undefined) continue
    for (const { instanceId, sides } of await deployedUsers(tx, gateway.organisationId, hashes, contextId)) {
      const known = users.get(instanceId) ?? new Set()
      for (const side of sides) known.add(side)
      users.set(instanceId, known)
    }
  }
  return users
}

async function instancesAt(tx: Tx, organisationId: string, users: Touched['users']) {
  const instances = await tx.apiInstance.findMany({
    where: { organisationId, id: { in: [...users.keys()] } },
    select: instanceFields,
    orderBy: [{ basePath: 'asc' }, { id: 'asc' }],
  })
  return { instances }
}

function gatewayOf(
  { id, name, nodes, headRevision }: GatewayRow,
  now: Date,
): TrustImpact['gateways'][number] {
  const pulses = nodes.flatMap((node) => pulseOf(node, now) ?? [])
  return {
    id,
    name,
    nodes: nodes.length,
    online: nodes.filter((node) => !isOffline(node, now)).length,
    current: nodes.filter(({ appliedRevision }) => appliedRevision === headRevision).length,
    connections: pulses.length === 0 ? null : pulses.reduce((sum, { connections }) => sum + connections, 0),
  }
}

// An API that names no listener is on all of them; certificates are shown where https is spoken.
function listenersOf({ gateway, users, instances }: Touched): TrustImpact['listeners'] {
  const listeners = gatewayView.shape.listeners.safeParse(gateway.listeners).data ?? []
  const shown = instances.filter(({ id }) => users.get(id)?.has('inbound'))
  return listeners
    .filter(
      ({ id, protocol }) =>
        protocol === 'https' &&
        shown.some(({ listenerIds }) => listenerIds.length === 0 || listenerIds.includes(id)),
    )
    .map((listener) => ({ gatewayId: gateway.id, ...listener }))
}

function apisOf({ gateway, users, instances }: Touched, now: Date): TrustImpact['apis'] {
  const open = gateway.nodes.flatMap((node) => (pulseOf(node, now) ? sessionsOf(node) : []))
  return instances.map(({ id, apiVersion }) => ({
    id,
    gatewayId: gateway.id,
    name: apiVersion.api.title,
    label: apiVersion.label,
    sides: [...(users.get(id) ?? [])].toSorted(),
    webSockets: open.filter(({ apiId }) => apiId === id).length,
  }))
}

function sessionsOf({ report }: GatewayRow['nodes'][number]) {
  return nodeDetails.shape.sessions.safeParse(report?.sessions ?? undefined).data ?? []
}

function consumersOf(touched: readonly Touched[]): TrustImpact['consumers'] {
  const calling = touched.flatMap(({ instances }) => instances.flatMap(({ flows }) => flows))
  const byId = new Map(calling.map(({ consumer }) => [consumer.id, consumer]))
  return [...byId.values()].toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
}
