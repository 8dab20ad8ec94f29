import type { DocumentOutcome, DocumentPlan, DocumentPreview } from '#domain/documents.ts'
import { chainStepInput } from '#domain/chain.ts'
import type { Secret } from '#domain/secret.ts'
import { routing } from '#domain/routing.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { importApi } from '../catalog/import-api.ts'
import { changeInstance } from '../catalog/write-instance.ts'
import { allTogether, db, transaction } from '../db.ts'
import { namespacesIn } from '../networks/applied-content.ts'
import { podsOf } from '../networks/placing.ts'
import { keepApplied, refuseUnreadable } from '../networks/write-applied.ts'
import { createNetwork } from '../networks/write-network.ts'
import { replaceChain } from '../policies/write.ts'
import { createAuthority } from '../trust/write-authority.ts'
import { createCertificate } from '../trust/write-certificate.ts'
import { createContext } from '../trust/write-context.ts'
import { type Known, knownOf } from './known.ts'
import type { Planned, PlannedApi } from './plan.ts'
import type { PlannedContext } from './plan-tls.ts'
import { readDocuments } from './read.ts'

/** Documents of any mix into the portal: first what they become, then all of it or nothing. */

export interface DocumentWish {
  readonly files: readonly { readonly name: string; readonly text: string }[]
  readonly gatewayId?: string | undefined
}

// Every use case that takes part writes to the audit trail, whose entries follow each other.
const importMsMax = 60_000

export async function previewDocuments(actor: Actor, wish: DocumentWish): Promise<DocumentPreview> {
  requireAll(actor)
  const { planned, known, report } = await read(actor, wish)
  return {
    documents: report.documents,
    gatewayName: known.gateway.name,
    plan: shown(planned, known),
    findings: report.findings,
    unreadable: report.unreadable,
    notes: [...report.notes, ...remarksOf(planned, known)],
  }
}

/** Makes all that the preview says, as drafts: nothing is deployed by it. */
export async function importDocuments(actor: Actor, wish: DocumentWish): Promise<DocumentOutcome> {
  requireAll(actor)
  const { planned, report } = await read(actor, wish)
  refuseUnreadable(report.unreadable)
  return allTogether(importMsMax, async () => {
    const known = await knownOf(db(), actor.organisationId, wish.gatewayId)
    const plan = shown(planned, known)
    const contexts = await makeTrust(actor, planned.contexts, known)
    for (const name of planned.networks)
      if (!known.networks.has(name)) await createNetwork(actor, networkOf(name))
    const apis: DocumentOutcome['apis'] = []
    for (const api of planned.apis) apis.push(await makeApi(actor, api, contexts, known))
    const set = plannedSet(planned)
    if (set) await transaction((tx) => keepApplied(tx, actor, known.gateway.id, { ...set, app: null }))
    return { plan, apis }
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

// ── trust ───────────────────────────────────────────────────────────────────

/** The contexts by the names that the plan gives them. */
async function makeTrust(
  actor: Actor,
  contexts: readonly PlannedContext<Secret>[],
  known: Known,
): Promise<ReadonlyMap<string, string>> {
  const made = new Map<string, string>()
  const authorities = new Map(known.authorities)
  for (const { name, authorities: wanted, keystore } of contexts) {
    const authorityIds: string[] = []
    for (const { name: caName, pem } of wanted) {
      const id = authorities.get(known.hashOf(pem)) ?? (await makeAuthority(actor, caName, pem, known))
      authorities.set(known.hashOf(pem), id)
      if (!authorityIds.includes(id)) authorityIds.push(id)
    }
    const isShown = keystore !== null && isShowable(keystore, known)
    const certificateId = keystore && (await makeCertificate(actor, keystore, known))
    const keystoreId = isShown ? certificateId : null
    const input = {
      name: known.free('context', name),
      class: 'org-internal' as const,
      authorityIds,
      keystoreId,
    }
    made.set(name, (await createContext(actor, input)).id)
  }
  return made
}

/** Without its key nobody can show it; the key may be here although it is not among the documents. */
function isShowable(keystore: NonNullable<PlannedContext<Secret>['keystore']>, known: Known): boolean {
  const id = known.certificates.get(known.hashOf(keystore.chain))
  return id === undefined ? keystore.key !== null : known.keyed.has(id)
}

async function makeAuthority(actor: Actor, name: string, pem: string, known: Known): Promise<string> {
  const input = {
    name: known.free('authority', name),
    runBy: 'organisation' as const,
    content: { text: pem },
  }
  return (await createAuthority(actor, input)).id
}

async function makeCertificate(
  actor: Actor,
  { name, kind, chain, key }: NonNullable<PlannedContext<Secret>['keystore']>,
  known: Known,
): Promise<string> {
  const before = known.certificates.get(known.hashOf(chain))
  if (before !== undefined) return before
  const text = key === null ? chain : `${chain}\n${key.reveal()}`
  const { id } = await createCertificate(actor, {
    ...{ source: 'import', kind, rotationWindowDays: null, content: { text } },
    name: known.free('certificate', name),
  })
  known.certificates.set(known.hashOf(chain), id)
  if (key !== null) known.keyed.add(id)
  return id
}

// ── APIs ────────────────────────────────────────────────────────────────────

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

// ── what is shown ───────────────────────────────────────────────────────────

function shown(planned: Planned<Secret>, known: Known): DocumentPlan {
  const { contexts, networks, apis } = planned
  const authorities = new Map(contexts.flatMap((one) => one.authorities.map((ca) => [ca.pem, ca] as const)))
  const keystores = new Map(
    contexts.flatMap(({ keystore }) => (keystore ? [[keystore.chain, keystore]] : [])),
  )
  return {
    networks: networks.map((name) => ({ name, isNew: !known.networks.has(name) })),
    authorities: [...authorities.values()].map(({ name, pem }) => ({
      ...{ name, isNew: !known.authorities.has(known.hashOf(pem)) },
      ...known.factsOf(pem),
    })),
    certificates: [...keystores.values()].map(({ name, kind, chain, key }) => ({
      ...{ name, kind, isNew: !known.certificates.has(known.hashOf(chain)) },
      hasKey: isShowable({ name, kind, chain, key }, known),
      ...known.factsOf(chain),
    })),
    contexts: contexts.map((one) => ({
      name: one.name,
      isNew: true,
      authorities: one.authorities.map(({ name }) => name),
      keystore: one.keystore !== null && isShowable(one.keystore, known) ? one.keystore.name : null,
    })),
    apis: apis.map((api) => ({
      ...{ name: api.name, isNew: !known.apis.has(api.name), label: labelOf(api) },
      ...{ host: api.host, basePath: api.basePath, upstreamUrl: api.upstreamUrl },
      policies: api.steps.map(({ step }) => step.kind),
      contexts: [...new Set(api.steps.flatMap(({ context }) => context ?? []))],
    })),
    networkPolicies: shownSet(planned, known),
  }
}

/** The set with the namespace that its gateway runs in; null where nothing tells which. */
function plannedSet({ applied: content, networks }: Planned<Secret>) {
  if (content === null) return null
  const [namespace, another] = namespacesIn(content, networks)
  return namespace === undefined || another !== undefined ? null : { namespace, content }
}

function shownSet(planned: Planned<Secret>, { gateway }: Known): DocumentPlan['networkPolicies'] {
  const set = plannedSet(planned)
  if (set === null) return null
  const { pod } = podsOf({ ...set, gatewayId: gateway.id, app: null })
  return {
    policies: set.content.policies.map(({ namespace, name }) => `${namespace}/${name}`),
    namespace: set.namespace,
    pods: Object.entries(pod.labels)
      .map(([label, value]) => `${label}=${value}`)
      .join(', '),
    isNew: !gateway.hasNetworkPolicies,
  }
}

function labelOf({ openapi }: PlannedApi): string {
  return openapi?.label ?? '1.0.0'
}

/** What of the plan needs somebody afterwards. */
function remarksOf(planned: Planned<Secret>, known: Known): DocumentPreview['notes'] {
  const { notes, contexts, apis, applied } = planned
  const of = (detail: string) => ({ file: 'the portal', line: 1, column: 1, detail })
  const { gateway } = known
  const keyless = contexts.flatMap(({ name, keystore }) =>
    keystore !== null && !isShowable(keystore, known)
      ? [
          of(
            `the key of ${keystore.name} is not among the documents: give it by a rotation, then ${name} can show it`,
          ),
        ]
      : [],
  )
  const homeless = apis.flatMap(({ name, listener }) =>
    listener.port > 0 && !gateway.listeners.some(({ protocol }) => protocol === listener.protocol)
      ? [
          of(
            `${gateway.name} has no ${listener.protocol} listener for ${name}: add one before it is deployed`,
          ),
        ]
      : [],
  )
  const told = notes.map(({ file, line, column, detail }) => ({ file, line, column, detail }))
  const placeless =
    applied !== null && plannedSet(planned) === null
      ? [
          of(
            `the NetworkPolicies are not kept: nothing tells in which namespace ${gateway.name} runs; give them on its page`,
          ),
        ]
      : []
  return [...told, ...keyless, ...homeless, ...placeless]
}
