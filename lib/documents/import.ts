import type { DocumentOutcome, DocumentPreview, DocumentWish } from '#domain/documents.ts'
import { chainStepInput } from '#domain/chain.ts'
import { routing } from '#domain/routing.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { importApi } from '../catalog/import-api.ts'
import { changeInstance } from '../catalog/write-instance.ts'
import { allTogether, db, transaction } from '../db.ts'
import { keepApplied, refuseUnreadable } from '../networks/write-applied.ts'
import { createNetwork } from '../networks/write-network.ts'
import { replaceChain } from '../policies/write.ts'
import { makeConsumers, placedConsumers } from './consumers.ts'
import { type Known, knownOf } from './known.ts'
import { makeTrust } from './make-trust.ts'
import type { PlannedApi } from './plan.ts'
import { readDocuments } from './read.ts'
import { networksOf, plannedSet, remarksOf, shown } from './shown.ts'

/** Documents of any mix into the portal: first what they become, then all of it or nothing. */

// Every use case that takes part writes to the audit trail, whose entries follow each other.
const importMsMax = 60_000

export async function previewDocuments(actor: Actor, wish: DocumentWish): Promise<DocumentPreview> {
  requireAll(actor)
  const { planned, known, report } = await read(actor, wish)
  return {
    documents: report.documents,
    gatewayName: known.gateway.name,
    plan: shown(planned, known, wish),
    findings: report.findings,
    unreadable: report.unreadable,
    notes: [...report.notes, ...remarksOf(planned, known, wish)],
  }
}

/** Makes all that the preview says, as drafts: nothing is deployed by it. */
export async function importDocuments(actor: Actor, wish: DocumentWish): Promise<DocumentOutcome> {
  requireAll(actor)
  const { planned, report } = await read(actor, wish)
  refuseUnreadable(report.unreadable)
  return allTogether(importMsMax, async () => {
    const known = await knownOf(db(), actor.organisationId, wish.gatewayId)
    const plan = shown(planned, known, wish)
    const notes = remarksOf(planned, known, wish)
    const contexts = await makeTrust(actor, planned.contexts, known, wish)
    const consumers = placedConsumers(planned.apis, known, wish.consumers)
    const networks = new Map(known.networks)
    for (const name of networksOf(planned, known, wish))
      if (!networks.has(name)) networks.set(name, await createNetwork(actor, networkOf(name)))
    const apis: DocumentOutcome['apis'] = []
    for (const api of planned.apis) apis.push(await makeApi(actor, api, contexts, known))
    const instanceIds = new Map(apis.map(({ name, instanceId }) => [name, instanceId]))
    await makeConsumers(actor, consumers, networks, instanceIds)
    const set = plannedSet(planned)
    if (set) await transaction((tx) => keepApplied(tx, actor, known.gateway.id, { ...set, app: null }))
    return { plan, apis, notes }
  })
}

function requireAll(actor: Actor): void {
  for (const permission of ['apis.write', 'trust.write', 'topology.write'] as const)
    requirePermission(actor, permission)
}

async function read(actor: Actor, { files, gatewayId }: DocumentWish) {
  const known = await knownOf(db(), actor.organisationId, gatewayId)
  const sources = files
    .filter(({ name }) => /\.(?:ya?ml|json|md|markdown|txt)$/i.test(name))
    .map(({ name: file, text }) => ({ file, text }))
  return { ...(await readDocuments(sources, known.gateway.environment)), known }
}

function networkOf(name: string) {
  return {
    ...{ name, class: 'org-internal' as const, location: 'cluster' as const },
    ...{ parentId: null, firewall: null, firewallContextId: null },
  }
}

async function makeApi(
  actor: Actor,
  api: PlannedApi,
  contexts: ReadonlyMap<string, string>,
  known: Known,
): Promise<DocumentOutcome['apis'][number]> {
  const { name, host, basePath, upstreamUrl, endpoints, protocol, destinations } = api
  const text = api.openapi?.text ?? emptyDocument(name)
  const gatewayId = known.gateway.id
  const wish = { source: { text }, name, gatewayId, host, basePath, upstreamUrl, deploy: false }
  const { apiId, instanceId } = await importApi(actor, wish)
  if (instanceId === null) throw new Error('an API was imported to no gateway')
  const versionOf = async () =>
    (await db().apiInstance.findUniqueOrThrow({ where: { id: instanceId }, select: { version: true } }))
      .version
  const change = routing.parse({
    listenerIds: listenersFor(api, known),
    upstream: {
      endpoints: endpoints.length > 1 ? endpoints : [],
      protocol,
      balancing: 'round-robin',
    },
    destinations: destinations.map((one) => ({ ...one, protocol: 'http1', balancing: 'round-robin' })),
  })
  const place = { host, basePath, upstreamUrl, stripBasePath: true, enabled: true }
  await changeInstance(actor, instanceId, { ...place, routing: change }, await versionOf())
  const steps = api.steps.map(({ step, context }) =>
    context === null
      ? step
      : chainStepInput.parse({ ...step, config: { ...step.config, contextRef: contexts.get(context) } }),
  )
  if (steps.length > 0) await replaceChain(actor, instanceId, steps, await versionOf())
  return { name, apiId, instanceId }
}

/** Those of the gateway that have its protocol and port; else any that speaks as it was written. */
function listenersFor({ listener, openapi, steps }: PlannedApi, { gateway }: Known): string[] {
  if (openapi !== null && steps.length === 0 && listener.port === 0) return []
  const alike = gateway.listeners.filter(({ protocol }) => protocol === listener.protocol)
  const same = alike.filter(({ port }) => port === listener.port)
  return (same.length > 0 ? same : alike).map(({ id }) => id)
}

/** An API whose operations nobody has described. */
function emptyDocument(name: string): string {
  return JSON.stringify({ openapi: '3.1.0', info: { title: name, version: '1.0.0' }, paths: {} })
}
