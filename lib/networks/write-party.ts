import { refusePlacement } from '#domain/party.ts'
import { Problem } from '#domain/problem.ts'
import type { PartyView } from '#domain/stored.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { changeContracts } from '../publish/contracts.ts'
import { requireVersion } from '../versions.ts'
import type { PartyChange, PartyInput } from './input.ts'
import { lockTopology } from './lock.ts'
import { toParty } from './stored.ts'
import { requireNetwork } from './write-network.ts'

/** Adds a consumer or a provider where a party of its owner may stand. */
export function createParty(actor: Actor, input: PartyInput): Promise<PartyView> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    await refuseTakenName(tx, actor, input, null)
    await refuseMisplaced(tx, actor, input)
    const { team = null, identities = [], ...rest } = input
    const data = { ...rest, team, identities, organisationId: actor.organisationId }
    const row = await tx.party.create({ data })
    const party = toParty(row)
    await record(tx, actor, 'party.create', { after: party })
    return party
  })
}

/** Renames or moves a party, or changes who owns it, who answers for it or what it is known by. */
export function changeParty(
  actor: Actor,
  id: string,
  change: PartyChange,
  ifMatch: number,
): Promise<PartyView> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    const before = await requireParty(tx, actor, id)
    await requireVersion(tx, actor, { kind: 'party', id, version: before.version }, ifMatch)
    const {
      name = before.name,
      owner = before.owner,
      team = before.team,
      networkId = before.networkId,
      identities = before.identities,
    } = change
    const wanted = { ...before, name, owner, team, networkId, identities }
    await refuseTakenName(tx, actor, wanted, id)
    await refuseMisplaced(tx, actor, wanted)
    // Gateways tell upstreams and logs a consumer's name.
    return changeContracts(
      tx,
      actor,
      { consumerId: id },
      `${before.name} is now called ${name}`,
      async () => {
        const data = { name, owner, team, networkId, identities, version: { increment: 1 } }
        const after = toParty(await tx.party.update({ where: { id }, data }))
        await record(tx, actor, 'party.update', { before, after })
        return after
      },
    )
  })
}

/** Removes a party that no flow, API or key needs. */
export function deleteParty(actor: Actor, id: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'topology.write')
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    const before = await requireParty(tx, actor, id)
    await requireVersion(tx, actor, { kind: 'party', id, version: before.version }, ifMatch)
    const uses = await usesOf(tx, id)
    if (uses.length > 0) {
      const names = uses.map((use) => `${use.kind} ${use.name}`).join(', ')
      throw new Problem('in-use', `${before.name} is still used by: ${names}.`, { extra: { uses } })
    }
    await tx.party.delete({ where: { id } })
    await record(tx, actor, 'party.delete', { before })
  })
}

/** The organisation's party, or 404. */
export async function requireParty(tx: Tx, actor: Actor, id: string): Promise<PartyView> {
  const row = await tx.party.findFirst({ where: { id, organisationId: actor.organisationId } })
  if (!row) throw new Problem('not-found', 'There is no such party.')
  return toParty(row)
}

async function usesOf(tx: Tx, id: string) {
  const instance = {
    select: { id: true, apiVersion: { select: { label: true, api: { select: { title: true } } } } },
  }
  const party = await tx.party.findUniqueOrThrow({
    where: { id },
    select: {
      instances: instance,
      flows: { select: { id: true, instance } },
      credentials: { where: { revokedAt: null }, select: { id: true, prefix: true } },
    },
  })
  const title = ({ apiVersion }: (typeof party.instances)[number]) =>
    `${apiVersion.api.title} ${apiVersion.label}`
  return [
    ...party.instances.map((each) => ({ kind: 'API', id: each.id, name: title(each) })),
    ...party.flows.map((flow) => ({ kind: 'flow to', id: flow.id, name: title(flow.instance) })),
    ...party.credentials.map(({ id, prefix }) => ({ kind: 'key', id, name: `${prefix}…` })),
  ]
}

async function refuseMisplaced(tx: Tx, actor: Actor, party: PartyInput): Promise<void> {
  const network = await requireNetwork(tx, actor, party.networkId)
  const refusal = refusePlacement({ ...party, networkClass: network.class })
  if (!refusal) return
  throw new Problem('topology.refused', refusal.detail, {
    faults: [{ pointer: '/networkId', detail: refusal.detail }],
    extra: { party: refusal.party, allowed: refusal.allowed },
  })
}

async function refuseTakenName(
  tx: Tx,
  actor: Actor,
  { name, kind }: PartyInput,
  except: string | null,
): Promise<void> {
  const taken = await tx.party.findFirst({ where: { organisationId: actor.organisationId, kind, name } })
  if (!taken || taken.id === except) return
  const detail = `There is a ${kind} called ${name} already.`
  throw new Problem('name.taken', detail, { faults: [{ pointer: '/name', detail }] })
}

interface Change {
  before?: PartyView
  after?: PartyView
}

async function record(tx: Tx, actor: Actor, action: string, change: Change): Promise<void> {
  const subject = change.after ?? change.before
  if (!subject) throw new Error('a change without a subject')
  const subjectVersion = change.after?.version ?? subject.version + 1
  await audit(tx, actor, { action, subjectKind: 'party', subjectId: subject.id, subjectVersion, ...change })
  await announceChange(tx, actor.organisationId, { topic: 'topology', id: subject.id })
}
