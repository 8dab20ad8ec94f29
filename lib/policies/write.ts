import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Chain, type ChainStep, type ChainStepInput, placeFor } from '#domain/chain.ts'
import { type Fault, Problem } from '#domain/problem.ts'
import { policyOf } from '#policies/index.ts'
import { contextRefIn } from '#policies/tls-fields.ts'
import { ruleFaults } from '#policies/rules.ts'
import { withoutSecrets } from '#policies/secrets.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { isPlacing, lockStandingOf, requireRoom, type StandingApi } from '../publish/standing.ts'
import { openerOf, sealerOf } from '../trust/sealing.ts'
import { requireVersion } from '../versions.ts'
import { chainIn, judged, stepsOf, upstreamNamesOf } from './read.ts'
import { sealedConfig } from './sealing.ts'

/** Puts this chain in the place of the instance's, whole: all of it fits, or nothing changes. */
export async function replaceChain(
  actor: Actor,
  instanceId: string,
  steps: readonly ChainStepInput[],
  ifMatch: number,
): Promise<Chain> {
  requirePermission(actor, 'apis.write')
  return transaction(async (tx) => {
    const { version, gatewayId, before, upstreams } = await lockedChain(tx, actor, instanceId)
    await requireVersion(tx, actor, { kind: 'instance', id: instanceId, version }, ifMatch)
    const after = accepted(steps, before, upstreams)
    await requireRoomWith(tx, actor, { instanceId, gatewayId, before, after })
    await store(tx, actor, { instanceId, version, before, after })
    return chainIn(tx, actor.organisationId, instanceId)
  })
}

/** Adds one policy at the place where its category belongs, leaving the others as they are. */
export async function addPolicy(actor: Actor, instanceId: string, step: ChainStepInput): Promise<Chain> {
  requirePermission(actor, 'apis.write')
  return transaction(async (tx) => {
    const { version, gatewayId, before, upstreams } = await lockedChain(tx, actor, instanceId)
    const [added] = accepted([step], [], upstreams)
    if (!added) throw new Error('one step was accepted and is not there')
    const after = before.toSpliced(placeOf(added, before), 0, added)
    await requireRoomWith(tx, actor, { instanceId, gatewayId, before, after }, () => '/config')
    await store(tx, actor, { instanceId, version, before, after })
    return chainIn(tx, actor.organisationId, instanceId)
  })
}

function placeOf(added: ChainStep, chain: readonly ChainStep[]): number {
  const placed = ({ kind }: ChainStep) => {
    const policy = policyOf(kind)
    return { category: policy?.category ?? ('shape' as const), first: policy?.first ?? false }
  }
  return placeFor(placed(added), chain.map(placed))
}

// The lock makes the comparison of versions and the write one step for everybody else.
async function lockedChain(tx: Tx, actor: Actor, instanceId: string) {
  const { organisationId } = actor
  await lockStandingOf(tx, organisationId, instanceId)
  await tx.$queryRaw`SELECT id FROM "ApiInstance" WHERE id = ${instanceId}::uuid AND "organisationId" = ${organisationId}::uuid FOR UPDATE`
  const instance = await tx.apiInstance.findFirst({
    where: { id: instanceId, organisationId },
    select: { version: true, gatewayId: true, policies: true, destinations: true },
  })
  if (!instance) throw new Problem('not-found', 'There is no such API instance.')
  const opener = await openerOf(tx, organisationId)
  return {
    version: instance.version,
    gatewayId: instance.gatewayId,
    before: stepsOf(instance.policies, opener),
    upstreams: upstreamNamesOf(instance),
  }
}

// Masks among the steps stand for the secrets of the steps before.
function accepted(
  steps: readonly ChainStepInput[],
  before: readonly ChainStep[],
  upstreams: readonly string[],
): ChainStep[] {
  const known = new Map(before.map((step) => [step.id, step]))
  const unknown = steps.flatMap((step, index) =>
    policyOf(step.kind) ? [] : [{ pointer: `/policies/${index}/kind`, detail: `There is no ${step.kind}.` }],
  )
  if (unknown.length > 0) throw new Problem('policy.unknown', unknown[0]?.detail ?? '', { faults: unknown })
  const seen = new Set<string>()
  const judgements = steps.map((step, index) => {
    const id = step.id ?? randomUUID()
    const { faults, config } = judgedStep(step, known.get(id), upstreams)
    if (seen.has(id)) faults.push({ pointer: '/id', detail: 'Another step has this id.' })
    seen.add(id)
    const { kind, label, enabled, dryRun, rules } = step
    const policyVersion = policyOf(kind)?.policyVersion ?? ''
    const chosen = upstreams.filter((name) => step.upstreams.includes(name))
    return {
      step: { id, kind, policyVersion, label, enabled, dryRun, rules, upstreams: chosen, config },
      faults: within(`/policies/${index}`, faults),
    }
  })
  const faults = judgements.flatMap((each) => each.faults)
  if (faults.length > 0) throw new Problem('policy.config-invalid', faults[0]?.detail ?? '', { faults })
  return judgements.map(({ step }) => step)
}

/** What one step is by itself, and what is wrong with it by pointers into it. */
function judgedStep(step: ChainStepInput, stored: ChainStep | undefined, upstreams: readonly string[]) {
  const { kind, policyVersion: named } = step
  const verdict = judged(kind, step.config, stored)
  const faults = [
    ...within('/config', verdict.faults),
    ...within('/rules', ruleFaults(step.rules)),
    ...within('/upstreams', upstreamFaults(step, upstreams)),
  ]
  const policyVersion = policyOf(kind)?.policyVersion ?? ''
  if (named !== undefined && named !== policyVersion)
    faults.push({ pointer: '/policyVersion', detail: `Version ${policyVersion} is the one that there is.` })
  return { faults, config: verdict.config ?? {} }
}

function within(at: string, faults: readonly Fault[]): Fault[] {
  return faults.map(({ pointer, detail }) => ({ pointer: at + pointer, detail }))
}

function upstreamFaults(step: ChainStepInput, upstreams: readonly string[]): Fault[] {
  if (step.upstreams.length > 0 && policyOf(step.kind)?.upstream === undefined)
    return [{ pointer: '', detail: `${step.kind} is not about upstreams and cannot be for some of them.` }]
  return step.upstreams.flatMap((name, index) =>
    upstreams.includes(name)
      ? []
      : [{ pointer: `/${index}`, detail: `The API has no upstream called ${name}.` }],
  )
}

interface Chains {
  instanceId: string
  gatewayId: string
  before: readonly ChainStep[]
  after: readonly ChainStep[]
}

/** Refuses TLS that another API asks for differently at the same host. */
async function requireRoomWith(
  tx: Tx,
  { organisationId }: Actor,
  { instanceId: id, gatewayId, before, after }: Chains,
  pointerOf: (index: number) => string = (index) => `/policies/${index}/config`,
): Promise<void> {
  const policies = after.filter(isPlacing)
  if (policies.length === 0 && !before.some(isPlacing)) return
  const changed = (api: StandingApi) => ({ ...api, policies })
  const at = pointerOf(after.findIndex(isPlacing))
  await requireRoom(tx, organisationId, { id, gatewayId }, changed, () => at)
}

interface Replacement {
  instanceId: string
  version: number
  before: readonly ChainStep[]
  after: readonly ChainStep[]
}

async function store(tx: Tx, actor: Actor, { instanceId, version, before, after }: Replacement) {
  const { organisationId } = actor
  const known = new Set(before.map(({ id }) => id))
  await refuseForeignIds(tx, after, known)
  await requireContexts(tx, organisationId, after)
  const kept = after.map(({ id }) => id)
  await tx.policyAttachment.deleteMany({ where: { instanceId, organisationId, id: { notIn: kept } } })
  const sealer = await sealerOf(tx, organisationId)
  for (const [order, { id, config, ...rest }] of after.entries()) {
    const sealed = sealedConfig(rest.kind, config, sealer) as Prisma.InputJsonObject
    const data = { ...rest, order, config: sealed }
    if (known.has(id)) await tx.policyAttachment.update({ where: { id }, data })
    else await tx.policyAttachment.create({ data: { ...data, id, organisationId, instanceId } })
  }
  await tx.apiInstance.update({ where: { id: instanceId }, data: { version: { increment: 1 } } })
  await audit(tx, actor, {
    action: 'instance.policies.replace',
    subjectKind: 'instance',
    subjectId: instanceId,
    subjectVersion: version + 1,
    before: { policies: before.map(shown) },
    after: { policies: after.map(shown) },
  })
  await announceChange(tx, organisationId, { topic: 'policies', id: instanceId })
}

function shown(step: ChainStep) {
  return { ...step, config: withoutSecrets(step.kind, step.config) }
}

// The lock keeps a context from being deleted while something that names it is saved.
async function requireContexts(tx: Tx, organisationId: string, steps: readonly ChainStep[]) {
  const named = steps.flatMap(({ config }, index) => {
    const ref = contextRefIn(config)
    return ref === undefined ? [] : [{ ref, pointer: `/policies/${index}/config/contextRef` }]
  })
  const ids = named.flatMap(({ ref }) => (z.uuid().safeParse(ref).success ? [ref] : []))
  if (named.length === 0) return
  const found = await tx.$queryRaw<{ id: string }[]>`
    SELECT "id"::text FROM "MtlsContext"
    WHERE "organisationId" = ${organisationId}::uuid AND "id" = ANY(${ids}::uuid[]) ORDER BY "id" FOR SHARE`
  const known = new Set(found.map(({ id }) => id))
  const detail = 'There is no such mTLS context.'
  const faults = named.flatMap(({ ref, pointer }) => (known.has(ref) ? [] : [{ pointer, detail }]))
  if (faults.length > 0) throw new Problem('policy.config-invalid', detail, { faults })
}

// Ids of new steps come from the browser; one that is taken elsewhere must not be overwritten.
async function refuseForeignIds(tx: Tx, steps: readonly ChainStep[], known: ReadonlySet<string>) {
  const fresh = steps.map(({ id }) => id).filter((id) => !known.has(id))
  const taken = await tx.policyAttachment.findMany({ where: { id: { in: fresh } }, select: { id: true } })
  if (taken.length === 0) return
  const faults = taken.map(({ id }) => ({
    pointer: `/policies/${steps.findIndex((step) => step.id === id)}/id`,
    detail: 'This id is taken.',
  }))
  throw new Problem('request.invalid', 'A step has an id that is taken.', { faults })
}
