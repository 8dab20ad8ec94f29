import { hash, randomBytes } from 'node:crypto'
import type { InstanceConsumer, IssuedCredential } from '#domain/catalog.ts'
import type { NetworkClass } from '#domain/network.ts'
import { refusePlacement } from '#domain/party.ts'
import { Problem } from '#domain/problem.ts'
import type { Credential } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { db, type Tx, transaction } from '../db.ts'
import { changeContracts } from '../publish/contracts.ts'
import { routingOf } from './read.ts'
import { lockInstance } from './write-instance.ts'

const prefixLength = 12

/** Who may call an API instance, with the keys they hold. */
export async function listConsumers(actor: Actor, instanceId: string): Promise<InstanceConsumer[]> {
  requirePermission(actor, 'apis.read')
  const { organisationId } = actor
  const instance = await db().apiInstance.findFirst({
    where: { id: instanceId, organisationId },
    select: { id: true },
  })
  if (!instance) throw new Problem('not-found', 'There is no such API instance.')
  const consumers = await db().party.findMany({
    where: { organisationId, kind: 'consumer', flows: { some: { instanceId } } },
    orderBy: { name: 'asc' },
    include: {
      network: { select: { name: true } },
      credentials: { orderBy: { createdAt: 'asc' } },
      flows: { where: { instanceId }, select: { tier: true } },
    },
  })
  return consumers.map(({ id, name, network, credentials, flows }) => ({
    id,
    name,
    networkName: network.name,
    tier: flows[0]?.tier ?? null,
    credentials: credentials.map(viewOf),
  }))
}

function viewOf({ id, prefix, createdAt, createdBy, revokedAt }: Credential) {
  return {
    id,
    prefix,
    createdAt: createdAt.toISOString(),
    createdBy,
    revokedAt: revokedAt?.toISOString() ?? null,
  }
}

/**
 * Lets a consumer, an existing one or a new one by name, call an API instance, and issues a key to it. Gateways
 * that serve the API take the key at once.
 */
export function admitConsumer(
  actor: Actor,
  instanceId: string,
  wish: { consumerId: string } | { name: string; networkId?: string | undefined },
): Promise<IssuedCredential> {
  requirePermission(actor, 'credentials.write')
  const concerned = { instanceId, ...('consumerId' in wish ? { consumerId: wish.consumerId } : {}) }
  return transaction((tx) =>
    changeContracts(tx, actor, concerned, issuedNote, async () => {
      await lockInstance(tx, actor.organisationId, instanceId)
      const consumer =
        'consumerId' in wish
          ? await consumerIn(tx, actor, wish.consumerId)
          : await createConsumer(tx, actor, wish.name, wish.networkId)
      await allow(tx, actor, consumer.id, instanceId)
      return issue(tx, actor, consumer)
    }),
  )
}

const issuedNote = ({ consumerName }: IssuedCredential) => `Key of ${consumerName} issued`

/**
 * Issues one more key to a consumer, and lets it call an instance if one is named. Gateways that serve what it
 * calls take the key at once.
 */
export function issueCredential(
  actor: Actor,
  consumerId: string,
  instanceId: string | undefined,
): Promise<IssuedCredential> {
  requirePermission(actor, 'credentials.write')
  return transaction((tx) =>
    changeContracts(tx, actor, { consumerId, instanceId }, issuedNote, async () => {
      const consumer = await consumerIn(tx, actor, consumerId)
      if (instanceId !== undefined) {
        await lockInstance(tx, actor.organisationId, instanceId)
        await allow(tx, actor, consumerId, instanceId)
      }
      return issue(tx, actor, consumer)
    }),
  )
}

/** Puts a consumer of an instance under one of its tiers, or under none. Gateways hold it to that at once. */
export function setTier(
  actor: Actor,
  instanceId: string,
  consumerId: string,
  tier: string | null,
): Promise<void> {
  requirePermission(actor, 'credentials.write')
  const { organisationId } = actor
  const note = tier === null ? 'A consumer has no tier any more' : `A consumer is under the tier ${tier}`
  return transaction((tx) =>
    changeContracts(tx, actor, { instanceId }, note, async () => {
      const instance = await lockInstance(tx, organisationId, instanceId)
      const known = routingOf(instance).tiers.some(({ name }) => name === tier)
      if (tier !== null && !known) {
        const detail = `The API has no tier called ${tier}.`
        throw new Problem('request.invalid', detail, { faults: [{ pointer: '/tier', detail }] })
      }
      const flow = await tx.flow.findFirst({ where: { organisationId, instanceId, consumerId } })
      if (!flow) throw new Problem('not-found', 'That consumer does not call this API.')
      await tx.flow.update({ where: { id: flow.id }, data: { tier } })
      await audit(tx, actor, {
        action: 'flow.tier',
        subjectKind: 'flow',
        subjectId: flow.id,
        before: { tier: flow.tier },
        after: { tier },
      })
      await announceChange(tx, organisationId, { topic: 'apis', id: instance.apiVersion.apiId })
    }),
  )
}

/** Ends a key. Gateways refuse it at once, whatever else waits to be deployed, and after every roll-back. */
export function revokeCredential(actor: Actor, credentialId: string): Promise<void> {
  requirePermission(actor, 'credentials.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    const credential = await tx.credential.findFirst({
      where: { id: credentialId, organisationId },
      include: { consumer: { select: { name: true } } },
    })
    if (!credential) throw new Problem('not-found', 'There is no such key.')
    const { consumerId, consumer } = credential
    await changeContracts(tx, actor, { consumerId }, `Key of ${consumer.name} revoked`, () =>
      revoke(tx, actor, credential),
    )
  })
}

async function revoke(tx: Tx, actor: Actor, { id, consumerId, prefix }: Credential): Promise<void> {
  const { count } = await tx.credential.updateMany({
    where: { id, organisationId: actor.organisationId, revokedAt: null },
    data: { revokedAt: new Date() },
  })
  if (count === 0) return
  await audit(tx, actor, {
    action: 'credential.revoke',
    subjectKind: 'credential',
    subjectId: id,
    before: { consumerId, prefix },
  })
  await announceChange(tx, actor.organisationId, { topic: 'apis', id: consumerId })
}

async function consumerIn(tx: Tx, actor: Actor, id: string): Promise<{ id: string; name: string }> {
  const { organisationId } = actor
  const consumer = await tx.party.findFirst({
    where: { id, organisationId, kind: 'consumer' },
    select: { id: true, name: true },
  })
  if (!consumer) throw new Problem('not-found', 'There is no such consumer.')
  return consumer
}

async function createConsumer(tx: Tx, actor: Actor, name: string, networkId: string | undefined) {
  const { organisationId } = actor
  const network = await networkFor(tx, organisationId, networkId)
  // The class comes from the database, where only these three are written.
  const networkClass = network.class as NetworkClass
  const owner = networkClass === 'non-org-external' ? 'third-party' : 'organisation'
  const refusal = refusePlacement({ name, kind: 'consumer', owner, networkClass })
  if (refusal) throw new Problem('topology.refused', refusal.detail)
  const taken = await tx.party.findFirst({ where: { organisationId, kind: 'consumer', name } })
  if (taken) {
    const detail = `There is a consumer called ${name} already.`
    throw new Problem('name.taken', detail, {
      faults: [{ pointer: '/name', detail }],
      extra: { consumerId: taken.id },
    })
  }
  const consumer = await tx.party.create({
    data: { organisationId, kind: 'consumer', name, owner, networkId: network.id },
    select: { id: true, name: true },
  })
  await audit(tx, actor, {
    action: 'party.create',
    subjectKind: 'party',
    subjectId: consumer.id,
    subjectVersion: 1,
    after: { kind: 'consumer', name, owner, networkId: network.id },
  })
  await announceChange(tx, organisationId, { topic: 'topology', id: consumer.id })
  return consumer
}

// Without a wish, inside: that is where a first consumer most often stands, and it can be moved.
async function networkFor(tx: Tx, organisationId: string, id: string | undefined) {
  const networks = await tx.network.findMany({
    where: { organisationId, ...(id === undefined ? {} : { id }) },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    select: { id: true, class: true },
  })
  const network = networks.find((candidate) => candidate.class === 'org-internal') ?? networks[0]
  if (network) return network
  if (id !== undefined) throw new Problem('not-found', 'There is no such network.')
  throw new Problem(
    'topology.refused',
    'A consumer stands in a network; add a network to the topology first.',
  )
}

async function allow(tx: Tx, actor: Actor, consumerId: string, instanceId: string): Promise<void> {
  const { organisationId } = actor
  const existing = await tx.flow.findFirst({ where: { organisationId, consumerId, instanceId } })
  if (existing) return
  const flow = await tx.flow.create({ data: { organisationId, consumerId, instanceId } })
  await audit(tx, actor, {
    action: 'flow.create',
    subjectKind: 'flow',
    subjectId: flow.id,
    after: { consumerId, instanceId },
  })
  await announceChange(tx, organisationId, { topic: 'topology', id: flow.id })
}

async function issue(
  tx: Tx,
  actor: Actor,
  consumer: { id: string; name: string },
): Promise<IssuedCredential> {
  const { organisationId } = actor
  const key = `hxk_${randomBytes(32).toString('base64url')}`
  const credential = await tx.credential.create({
    data: {
      organisationId,
      consumerId: consumer.id,
      prefix: key.slice(0, prefixLength),
      hash: hash('sha256', key),
      createdBy: actor.name,
    },
  })
  await audit(tx, actor, {
    action: 'credential.issue',
    subjectKind: 'credential',
    subjectId: credential.id,
    after: { consumerId: consumer.id, prefix: credential.prefix },
  })
  await announceChange(tx, organisationId, { topic: 'apis', id: consumer.id })
  return { consumerId: consumer.id, consumerName: consumer.name, credential: viewOf(credential), key }
}
