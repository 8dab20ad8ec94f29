import { z } from 'zod'
import { claimOf, type ClaimingApi } from '#contract/judgement.ts'
import { placeApis, type PlacingFault } from '#contract/placing.ts'
import { type Listener, listener } from '#domain/gateway.ts'
import { type Fault, Problem } from '#domain/problem.ts'
import type { Policy } from '#policies/definition.ts'
import type { Contexts } from '#policies/settings.ts'
import { policies } from '#policies/index.ts'
import type { Tx } from '../db.ts'
import { openedConfig } from '../policies/sealing.ts'
import { openerOf } from '../trust/sealing.ts'
import { apiItemId, listenerItemId, namedListeners } from './compile.ts'
import { gatewayIn } from './draft.ts'

/** An API at a gateway, as far as it can be in the way of others. */
export interface StandingApi extends ClaimingApi {
  /** Of the API in the catalog. */
  readonly catalogId: string
  readonly enabled: boolean
}

/** What stands at a gateway by the drafts of today. */
export interface Standing {
  readonly apis: readonly StandingApi[]
  readonly listeners: readonly Pick<Listener, 'id' | 'protocol'>[]
}

// The list is a tuple of differently configured policies; what they have in common is Policy.
/** The kinds of policies that have a say in where their API can be served. */
export const placingKinds = (policies as readonly Policy[])
  .filter((policy) => policy.inboundTls !== undefined)
  .map(({ kind }) => kind)

/** Whether a policy of that kind has a say in where its API can be served. */
export function isPlacing({ kind, enabled }: { kind: string; enabled: boolean }): boolean {
  return enabled && placingKinds.includes(kind)
}

/**
 * Lets one write at a time change what stands at a gateway. Whoever publishes takes a gateway before its instances
 * and before the audit trail, and so must whoever calls this.
 */
export async function lockStanding(tx: Tx, organisationId: string, gatewayId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM "Gateway" WHERE "id" = ${gatewayId}::uuid AND "organisationId" = ${organisationId}::uuid FOR NO KEY UPDATE`
}

/** The same, for the gateway of an instance. */
export async function lockStandingOf(tx: Tx, organisationId: string, instanceId: string): Promise<void> {
  const instance = await tx.apiInstance.findFirst({
    where: { id: instanceId, organisationId },
    select: { gatewayId: true },
  })
  if (!instance) throw new Problem('not-found', 'There is no such API instance.')
  await lockStanding(tx, organisationId, instance.gatewayId)
}

export async function standingAt(tx: Tx, organisationId: string, gatewayId: string): Promise<Standing> {
  const gateway = await gatewayIn(tx, organisationId, gatewayId)
  const rows = await tx.apiInstance.findMany({
    where: { gatewayId, organisationId },
    select: {
      id: true,
      host: true,
      basePath: true,
      listenerIds: true,
      enabled: true,
      apiVersion: { select: { label: true, api: { select: { id: true, name: true } } } },
      policies: {
        where: { enabled: true, kind: { in: placingKinds } },
        orderBy: [{ order: 'asc' }, { id: 'asc' }],
        select: { kind: true, config: true },
      },
    },
  })
  const opener = await openerOf(tx, organisationId)
  const apis = rows.map(({ id, listenerIds, apiVersion: { api, label }, ...row }) => ({
    ...row,
    ...namedListeners(listenerIds),
    id: apiItemId(id),
    catalogId: api.id,
    name: api.name,
    version: label,
    policies: row.policies.map(({ kind, config }) => ({ kind, config: openedConfig(kind, config, opener) })),
  }))
  return { apis, listeners: z.array(listener).parse(gateway.listeners) }
}

/** The same with one API in another place, or with one more. */
export function standingWith(standing: Standing, changed: StandingApi): Standing {
  return { ...standing, apis: [...standing.apis.filter(({ id }) => id !== changed.id), changed] }
}

/** A context is the same as itself: what it gives does not matter here. */
const byName: Contexts = (ref) => {
  const name = `mTLS context ${ref}`
  return { trustedCa: name, certificate: { certificate: name, key: name } }
}

/** What is wrong with where APIs stand, and between them. */
export function placingFaultsOf({ apis, listeners }: Standing): readonly PlacingFault[] {
  const claims = apis.flatMap((api) => (api.enabled ? (claimOf(api, byName) ?? []) : []))
  return placeApis(
    claims,
    listeners.map(({ id, protocol }) => ({ id: listenerItemId(id), protocol })),
  ).faults
}

/**
 * Clashes that a change brings about. Those that were there before are in nobody's way: they are shown, hinder
 * publishing, and may take several changes to mend.
 */
export function newClashes(before: Standing, after: Standing): PlacingFault[] {
  const clashesOf = (standing: Standing) => placingFaultsOf(standing).filter(({ kind }) => kind === 'clash')
  const keyOf = ({ apiId, otherId, member }: PlacingFault) => `${apiId} ${otherId} ${member}`
  const found = clashesOf(after)
  if (found.length === 0) return []
  const known = new Set(clashesOf(before).map(keyOf))
  return found.filter((fault) => !known.has(keyOf(fault)))
}

/** Refuses a change of one API that brings it and another one into each other's way. */
export async function requireRoom(
  tx: Tx,
  organisationId: string,
  instance: { id: string; gatewayId: string },
  changed: (api: StandingApi) => StandingApi,
  pointerOf: (fault: PlacingFault) => string,
): Promise<void> {
  const id = apiItemId(instance.id)
  const before = await standingAt(tx, organisationId, instance.gatewayId)
  const api = before.apis.find((one) => one.id === id)
  if (api === undefined) throw new Error(`the instance ${instance.id} does not stand at its gateway`)
  refuseClashes(before, standingWith(before, changed(api)), id, pointerOf)
}

/** Refuses what would be in the way of something else, with its name. `pointerOf` says where in the request that stands. */
export function refuseClashes(
  before: Standing,
  after: Standing,
  own: string | undefined,
  pointerOf: (fault: PlacingFault) => string,
): void {
  const clashes = newClashes(before, after)
  const [first] = clashes
  if (first === undefined) return
  const faults: Fault[] = clashes.map((fault) => ({ pointer: pointerOf(fault), detail: fault.detail }))
  const otherId = first.apiId === own ? first.otherId : first.apiId
  const other = after.apis.find(({ id }) => id === otherId)
  const code = first.member === 'tls' ? 'instance.tls-differs' : 'instance.path-taken'
  throw new Problem(code, first.detail, {
    faults,
    extra: { apiId: other?.catalogId, apiName: other?.name },
  })
}
