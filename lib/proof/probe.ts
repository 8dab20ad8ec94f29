import { capabilityOf } from '#contract/events.ts'
import { isOffline } from '#domain/deployment.ts'
import {
  type ProbeReport,
  type ProbeTarget,
  type ProbeView,
  probeReport,
  probeTarget,
  probeView,
} from '#domain/probe.ts'
import { Problem } from '#domain/problem.ts'
import type { Probe } from '#prisma/generated/client.ts'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { db, type Tx, transaction } from '../db.ts'
import { answerTo, commandMsMax, order } from '../gateways/commands.ts'
import { ownGateway } from '../gateways/read.ts'

/** Nodes look for themselves, and what they found is kept for a while. */

const keptMs = 30 * 86_400_000
const minuteMs = 60_000
const ofNodePerMinute = 10
const ofOrganisationPerMinute = 60

interface ProbeAt {
  readonly gatewayId: string
  readonly nodeId: string
}

/** Has a node connect somewhere that it serves or leads to, and waits for what it finds. */
export async function runProbe(at: ProbeAt, target: ProbeTarget, actor: Actor): Promise<ProbeView> {
  requirePermission(actor, 'revisions.deploy')
  const { probe, commandId, node } = await orderProbe(at, target, actor)
  const { outcome, answer } = await answerTo(commandId)
  const report = outcome === 'probed' ? (probeReport.safeParse(answer).data ?? null) : null
  const status = report !== null ? 'answered' : outcome === 'not-found' ? 'not-served' : 'no-answer'
  const settled = await db().probe.update({
    where: { id: probe.id },
    data: { status, ...(report === null ? {} : { report }) },
  })
  if (outcome === 'unknown')
    throw new Problem('node.too-old', `${node.hostname} does not understand the command.`)
  if (status === 'no-answer')
    throw new Problem('node.no-answer', `${node.hostname} did not say in time what it found.`)
  return viewOf(settled, node.hostname)
}

// Who ordered it stands in the trail before the node hears of it.
async function orderProbe({ gatewayId, nodeId }: ProbeAt, target: ProbeTarget, actor: Actor) {
  const { organisationId } = actor
  return transaction(async (tx) => {
    const node = await tx.node.findFirst({ where: { id: nodeId, gatewayId, organisationId } })
    if (!node) throw new Problem('not-found', 'There is no such node.')
    const name = await nameOf(tx, organisationId, gatewayId, target)
    refuseUnable(node)
    await refuseTooMany(tx, organisationId, nodeId)
    const startedAt = new Date()
    await tx.probe.deleteMany({
      where: { organisationId, startedAt: { lt: new Date(startedAt.getTime() - keptMs) } },
    })
    const probe = await tx.probe.create({
      data: {
        organisationId,
        gatewayId,
        nodeId,
        target,
        status: 'running',
        startedAt,
        startedBy: actor.name,
      },
    })
    const commandId = await order(tx, { organisationId, nodeId, command: { kind: 'probe', target } })
    await audit(tx, actor, {
      action: 'probe.run',
      subjectKind: 'probe',
      subjectId: probe.id,
      after: { node: node.hostname, what: name, target },
    })
    return { probe, commandId, node }
  })
}

function refuseUnable(
  node: Parameters<typeof isOffline>[0] & {
    hostname: string
    runtimeVersion: string
    capabilities: unknown
  },
): void {
  const { hostname, runtimeVersion } = node
  if (isOffline(node, new Date())) throw new Problem('node.no-answer', `${hostname} is not connected.`)
  if (!canProbe(node))
    throw new Problem('node.too-old', `${hostname} runs ${runtimeVersion}. Update it, or restart it.`)
}

/** Whether a node of this version takes the command. */
export function canProbe({ capabilities }: { capabilities: unknown }): boolean {
  return z.array(z.string()).safeParse(capabilities).data?.includes(capabilityOf('probe')) ?? false
}

// A node connects for everybody who may ask; it must not be made to knock all day.
async function refuseTooMany(tx: Tx, organisationId: string, nodeId: string): Promise<void> {
  const startedAt = { gt: new Date(Date.now() - minuteMs) }
  const [ofNode, ofAll] = await Promise.all([
    tx.probe.count({ where: { organisationId, nodeId, startedAt } }),
    tx.probe.count({ where: { organisationId, startedAt } }),
  ])
  if (ofNode >= ofNodePerMinute || ofAll >= ofOrganisationPerMinute)
    throw new Problem(
      'probe.too-many',
      `A node probes ${ofNodePerMinute} times a minute at most, all nodes together ${ofOrganisationPerMinute} times. Wait a minute.`,
    )
}

/** What it is about must be of this gateway; the node has the last word on what it serves. */
async function nameOf(
  tx: Tx,
  organisationId: string,
  gatewayId: string,
  target: ProbeTarget,
): Promise<string> {
  if (target.kind === 'listener') return `listener ${target.listenerId}`
  const instance = z.uuid().safeParse(target.instanceId).success
    ? await tx.apiInstance.findFirst({
        where: { id: target.instanceId, gatewayId, organisationId },
        select: { apiVersion: { select: { label: true, api: { select: { name: true } } } } },
      })
    : null
  if (!instance) throw new Problem('not-found', 'There is no such API at this gateway.')
  return `${instance.apiVersion.api.name} ${instance.apiVersion.label}, upstream ${target.upstream}`
}

const listedMax = 100

/** The probes of a gateway's nodes, the newest first. */
export async function listProbes(actor: Actor, gatewayId: string): Promise<ProbeView[]> {
  requirePermission(actor, 'gateways.read')
  await ownGateway(db(), actor, gatewayId)
  const rows = await db().probe.findMany({
    where: { gatewayId, organisationId: actor.organisationId },
    orderBy: { startedAt: 'desc' },
    take: listedMax,
    include: { node: { select: { hostname: true } } },
  })
  return rows.map(({ node, ...row }) => viewOf(row, node.hostname))
}

function viewOf(row: Probe, hostname: string): ProbeView {
  const report: ProbeReport | null = probeReport.safeParse(row.report).data ?? null
  const { id, gatewayId, nodeId, startedAt, startedBy } = row
  // A portal that ended meanwhile has written nothing more.
  const isOver = Date.now() - startedAt.getTime() > 2 * commandMsMax
  const status = row.status === 'running' && isOver ? 'no-answer' : row.status
  return probeView.parse({
    ...{ id, gatewayId, nodeId, hostname, status, report, startedBy },
    target: probeTarget.parse(row.target),
    startedAt: startedAt.toISOString(),
  })
}
