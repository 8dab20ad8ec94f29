import { type AppliedNetworkPolicies, type AppliedWish } from '#domain/applied-network-policies.ts'
import type { Fault } from '#domain/problem.ts'
import { Problem } from '#domain/problem.ts'
import { listed } from '#domain/listing.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { type Tx, transaction } from '../db.ts'
import { readDocuments } from '../documents/read.ts'
import { requireVersion } from '../versions.ts'
import { appliedRow } from './applied.ts'
import { type AppliedContent, namespacesIn } from './applied-content.ts'
import { lockTopology } from './lock.ts'
import { readApplied } from './read-applied.ts'

/** Says which NetworkPolicies are applied around a gateway, in the place of what was said before. */
export async function replaceApplied(
  actor: Actor,
  gatewayId: string,
  { files, namespace, app }: AppliedWish,
  ifMatch: number,
): Promise<AppliedNetworkPolicies> {
  requirePermission(actor, 'topology.write')
  const environment = await transaction((tx) => environmentOf(tx, actor, gatewayId))
  const sources = files.map(({ name: file, text }) => ({ file, text }))
  const { report, planned } = await readDocuments(sources, environment)
  refuseUnreadable(report.unreadable)
  const { applied: content } = planned
  if (content === null)
    throw refused('/files', 'There is no NetworkPolicy (networking.k8s.io/v1) among these documents.')
  const where = namespace ?? onlyOf(namespacesIn(content, planned.networks))
  await transaction(async (tx) => {
    await lockTopology(tx, actor)
    const before = await setIn(tx, actor, gatewayId)
    await requireVersion(
      tx,
      actor,
      { kind: 'network-policies', id: gatewayId, version: before?.version ?? 0 },
      ifMatch,
    )
    await keepApplied(tx, actor, gatewayId, { namespace: where, app: app ?? null, content })
  })
  return readApplied(actor, gatewayId)
}

async function environmentOf(tx: Tx, actor: Actor, gatewayId: string) {
  const gateway = await tx.gateway.findFirst({
    where: { id: gatewayId, organisationId: actor.organisationId },
    select: { environment: { select: { kind: true } } },
  })
  if (!gateway) throw new Problem('not-found', 'There is no such gateway.')
  return gateway.environment.kind
}

type Unreadable = Awaited<ReturnType<typeof readDocuments>>['report']['unreadable']

/** Refuses documents that cannot be read, with the place of each fault. */
export function refuseUnreadable(unreadable: Unreadable): void {
  const [fault] = unreadable
  if (fault === undefined) return
  const faults: Fault[] = unreadable.map(({ file, ...where }) => ({ pointer: `/${file}`, ...where }))
  throw new Problem('documents.unreadable', `${fault.file}:${fault.line} ${fault.detail}.`, { faults })
}

function onlyOf(namespaces: readonly string[]): string {
  const [only, another] = namespaces
  if (only !== undefined && another === undefined) return only
  throw refused(
    '/namespace',
    `The documents are for ${listed(namespaces)}: say in which of these the pods of the gateway run.`,
  )
}

function refused(pointer: string, detail: string): Problem {
  return new Problem('request.invalid', detail, { faults: [{ pointer, detail }] })
}

function setIn(tx: Tx, { organisationId }: Actor, gatewayId: string) {
  return tx.networkPolicySet.findFirst({ where: { gatewayId, organisationId } })
}

interface Applied {
  readonly namespace: string
  readonly app: string | null
  readonly content: AppliedContent
}

/** Keeps a set for a gateway of the organisation, in the place of the one before it. */
export async function keepApplied(
  tx: Tx,
  actor: Actor,
  gatewayId: string,
  { namespace, app, content }: Applied,
): Promise<void> {
  const { organisationId } = actor
  const before = await setIn(tx, actor, gatewayId)
  const version = (before?.version ?? 0) + 1
  const data = { namespace, app, content, version, updatedBy: actor.name }
  await tx.networkPolicySet.upsert({
    where: { gatewayId, organisationId },
    create: { gatewayId, organisationId, ...data },
    update: data,
  })
  await audit(tx, actor, {
    action: 'network-policies.replace',
    subjectKind: 'network-policies',
    subjectId: gatewayId,
    subjectVersion: version,
    ...(before ? { before: audited(before) } : {}),
    after: audited({ namespace, app, content }),
  })
  await announceChange(tx, organisationId, { topic: 'topology', id: gatewayId })
}

/** Takes back that anything is applied around a gateway. */
export function removeApplied(actor: Actor, gatewayId: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'topology.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    await lockTopology(tx, actor)
    await environmentOf(tx, actor, gatewayId)
    const before = await setIn(tx, actor, gatewayId)
    if (!before) throw new Problem('not-found', 'No NetworkPolicies are said to be applied there.')
    const subject = { kind: 'network-policies', id: gatewayId, version: before.version }
    await requireVersion(tx, actor, subject, ifMatch)
    await tx.networkPolicySet.delete({ where: { gatewayId, organisationId } })
    await audit(tx, actor, {
      action: 'network-policies.delete',
      subjectKind: 'network-policies',
      subjectId: gatewayId,
      subjectVersion: before.version + 1,
      before: audited(before),
    })
    await announceChange(tx, organisationId, { topic: 'topology', id: gatewayId })
  })
}

/** What the trail says of a set: where it is for, and every policy by its name. */
function audited(row: unknown) {
  const { namespace, app, content } = appliedRow.omit({ gatewayId: true }).parse(row)
  return { namespace, app, policies: content.policies.map((one) => `${one.namespace}/${one.name}`) }
}
