import { type NetworkClass, networkClassName, wouldCycle } from '#domain/network.ts'
import { refusePlacement } from '#domain/party.ts'
import { type Fault, Problem } from '#domain/problem.ts'
import type { NetworkView } from '#domain/stored.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { requireVersion } from '../versions.ts'
import type { NetworkChange, NetworkInput } from './input.ts'
import { lockTopology } from './lock.ts'
import { networksOf, toNetwork, toParty } from './stored.ts'

/** Adds a network. */
export function createNetwork(actor: Actor, input: NetworkInput): Promise<NetworkView> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    await refuseTakenName(tx, actor, input.name, null)
    await refuseNesting(tx, actor, null, input.parentId)
    await refuseContext(tx, actor, input)
    const row = await tx.network.create({ data: { ...input, organisationId: actor.organisationId } })
    const network = toNetwork(row)
    await record(tx, actor, 'network.create', { after: network })
    return network
  })
}

/** Changes a network, unless a party or a gateway in it could then not stand there. */
export function changeNetwork(
  actor: Actor,
  id: string,
  change: NetworkChange,
  ifMatch: number,
): Promise<NetworkView> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    const before = await requireNetwork(tx, actor, id)
    await requireVersion(tx, actor, { kind: 'network', id, version: before.version }, ifMatch)
    if (change.name !== undefined) await refuseTakenName(tx, actor, change.name, id)
    if (change.parentId !== undefined) await refuseNesting(tx, actor, id, change.parentId)
    if (change.class !== undefined) await refuseClass(tx, actor, before, change.class)
    const whole = withoutLooseContext(defined(change))
    await refuseContext(tx, actor, { ...before, ...whole })
    const row = await tx.network.update({
      where: { id },
      data: { ...whole, version: { increment: 1 } },
    })
    const after = toNetwork(row)
    await record(tx, actor, 'network.update', { before, after })
    return after
  })
}

/** Removes a network in which nothing stands. */
export function deleteNetwork(actor: Actor, id: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    const before = await requireNetwork(tx, actor, id)
    await requireVersion(tx, actor, { kind: 'network', id, version: before.version }, ifMatch)
    const users = await tx.network.findUniqueOrThrow({
      where: { id },
      select: {
        parties: { select: { id: true, name: true, kind: true } },
        gateways: { select: { id: true, name: true } },
        children: { select: { id: true, name: true } },
      },
    })
    const uses = [
      ...users.parties,
      ...users.gateways.map((gateway) => ({ ...gateway, kind: 'gateway' })),
      ...users.children.map((child) => ({ ...child, kind: 'network' })),
    ]
    if (uses.length > 0) {
      const names = uses.map((use) => `${use.kind} ${use.name}`).join(', ')
      throw new Problem('in-use', `In ${before.name} still stand: ${names}.`, { extra: { uses } })
    }
    await tx.network.delete({ where: { id } })
    await record(tx, actor, 'network.delete', { before })
  })
}

/** The organisation's network, or 404. */
export async function requireNetwork(tx: Tx, actor: Actor, id: string): Promise<NetworkView> {
  const row = await tx.network.findFirst({ where: { id, organisationId: actor.organisationId } })
  if (!row) throw new Problem('not-found', 'There is no such network.')
  return toNetwork(row)
}

async function refuseTakenName(tx: Tx, actor: Actor, name: string, except: string | null): Promise<void> {
  const taken = await tx.network.findFirst({ where: { organisationId: actor.organisationId, name } })
  if (!taken || taken.id === except) return
  const detail = `There is a network called ${name} already.`
  throw new Problem('name.taken', detail, { faults: [{ pointer: '/name', detail }] })
}

async function refuseNesting(
  tx: Tx,
  actor: Actor,
  id: string | null,
  parentId: string | null,
): Promise<void> {
  if (parentId === null) return
  const parent = await requireNetwork(tx, actor, parentId)
  if (id === null || !wouldCycle(id, parentId, await networksOf(tx, actor.organisationId))) return
  const detail = `${parent.name} stands inside this network, so this one cannot stand inside it.`
  throw new Problem('topology.refused', detail, { faults: [{ pointer: '/parentId', detail }] })
}

// Whoever takes the firewall away takes along what it ended.
function withoutLooseContext<T extends NetworkChange>(change: T): T {
  return change.firewall === null ? { firewallContextId: null, ...change } : change
}

// What a firewall ends is a context of the organisation's, and nothing ends where none stands.
async function refuseContext(
  tx: Tx,
  actor: Actor,
  { firewall, firewallContextId: id }: Pick<NetworkView, 'firewall' | 'firewallContextId'>,
): Promise<void> {
  if (id === null) return
  const { organisationId } = actor
  const [context] = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM "MtlsContext" WHERE "id" = ${id}::uuid AND "organisationId" = ${organisationId}::uuid FOR SHARE`
  const detail =
    context === undefined
      ? 'There is no such mTLS context.'
      : firewall === null
        ? 'Without a firewall there is no context that it ends.'
        : null
  if (detail !== null)
    throw new Problem('topology.refused', detail, { faults: [{ pointer: '/firewallContextId', detail }] })
}

async function refuseClass(tx: Tx, actor: Actor, network: NetworkView, to: NetworkClass): Promise<void> {
  if (to === network.class) return
  const where = { networkId: network.id, organisationId: actor.organisationId }
  const parties = (await tx.party.findMany({ where, orderBy: { name: 'asc' } })).map(toParty)
  const gateways = to === 'org-internal' ? [] : await tx.gateway.findMany({ where, orderBy: { name: 'asc' } })
  const refusals = parties.flatMap((party) => refusePlacement({ ...party, networkClass: to }) ?? [])
  const details = [
    ...refusals.map(({ detail }) => detail),
    ...gateways.map(
      ({ name }) => `The gateway ${name} stands here, so the network is organisation internal.`,
    ),
  ]
  if (details.length === 0) return
  const names = [...refusals.map(({ party }) => party), ...gateways.map(({ name }) => name)]
  const faults: Fault[] = details.map((detail) => ({ pointer: '/class', detail }))
  throw new Problem(
    'topology.refused',
    `${network.name} cannot become ${networkClassName[to]} while ${names.join(', ')} ${names.length === 1 ? 'stands' : 'stand'} in it.`,
    { faults, extra: { parties: refusals.map(({ party, allowed }) => ({ party, allowed })) } },
  )
}

interface Change {
  before?: NetworkView
  after?: NetworkView
}

async function record(tx: Tx, actor: Actor, action: string, change: Change): Promise<void> {
  const subject = change.after ?? change.before
  if (!subject) throw new Error('a change without a subject')
  const subjectVersion = change.after?.version ?? subject.version + 1
  await audit(tx, actor, { action, subjectKind: 'network', subjectId: subject.id, subjectVersion, ...change })
  await announceChange(tx, actor.organisationId, { topic: 'topology', id: subject.id })
}

// Prisma takes an undefined member as "leave it", the types say it is absent.
function defined<T extends object>(change: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
