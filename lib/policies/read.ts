import { type ApiItem, type AttachedPolicy, upstreamNames } from '#contract/items.ts'
import type { Chain, ChainStep, PolicyDescription, Verdict } from '#domain/chain.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import { policyRules } from '#domain/policy-rule.ts'
import { mainUpstream, routing } from '#domain/routing.ts'
import { Problem } from '#domain/problem.ts'
import { describePolicy, type Policy } from '#policies/definition.ts'
import { policies } from '#policies/index.ts'
import { withoutSecrets, withoutSecretsBeside, withStoredSecrets } from '#policies/secrets.ts'
import type { PolicyAttachment } from '#prisma/generated/client.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db, type Tx } from '../db.ts'
import { gatewayIn, itemsByHash, manifestOf } from '../publish/draft.ts'
import { openerOf, type Opener } from '../trust/sealing.ts'
import { openedConfig } from './sealing.ts'
import { refusedVerdict, verdictOn } from './verdict.ts'

/** Every policy that there is, with the schema that its form is drawn from. */
export function listPolicies(actor: Actor): PolicyDescription[] {
  requirePermission(actor, 'apis.read')
  // The list is a tuple of differently configured policies; what they have in common is Policy.
  return policies.map((policy) => described(policy as Policy))
}

function described(policy: Policy): PolicyDescription {
  const { schema, ...words } = describePolicy(policy)
  // The schema comes with functions attached; a page and a document take JSON alone.
  return {
    ...words,
    first: policy.first ?? false,
    perUpstream: policy.upstream !== undefined,
    schema: JSON.parse(JSON.stringify(schema)),
  }
}

/** What the policies say about configurations that nobody has saved. */
export async function checkSteps(
  actor: Actor,
  steps: readonly { id?: string | undefined; kind: string; config: Record<string, unknown> }[],
): Promise<Verdict[]> {
  requirePermission(actor, 'apis.read')
  const ids = steps.flatMap(({ id }) => id ?? [])
  const { organisationId } = actor
  const rows = await db().policyAttachment.findMany({ where: { organisationId, id: { in: ids } } })
  const opener = await openerOf(db(), organisationId)
  const stored = new Map(stepsOf(rows, opener).map((step) => [step.id, step]))
  return steps.map(({ id, kind, config }) => shownVerdict(kind, judged(kind, config, stored.get(id ?? ''))))
}

/** What a policy makes of a configuration whose masks stand for the secrets of a stored step. */
export function judged(
  kind: string,
  given: Record<string, unknown>,
  stored: Pick<ChainStep, 'kind' | 'config'> | undefined,
): Verdict {
  const known = stored?.kind === kind ? stored.config : undefined
  const { config, missing } = withStoredSecrets(kind, given, known)
  if (missing.length === 0) return verdictOn(kind, config)
  const faults = missing.map((path) => ({
    pointer: pointerOf(path),
    detail: 'Give it again: what is stored belongs to something else.',
  }))
  return refusedVerdict(faults)
}

function shownVerdict(kind: string, verdict: Verdict): Verdict {
  return verdict.config === null ? verdict : { ...verdict, config: shownConfig(kind, verdict.config) }
}

function shownConfig(kind: string, config: unknown): Record<string, unknown> {
  // Configurations are objects, and masking changes members alone.
  return withoutSecrets(kind, config) as Record<string, unknown>
}

/** The chain of an API instance, beside the one that its gateway runs. */
export async function readChain(actor: Actor, instanceId: string): Promise<Chain> {
  requirePermission(actor, 'apis.read')
  return chainIn(db(), actor.organisationId, instanceId)
}

export async function chainIn(tx: Tx, organisationId: string, instanceId: string): Promise<Chain> {
  const instance = await tx.apiInstance.findFirst({
    where: { id: instanceId, organisationId },
    include: { policies: true, apiVersion: { include: { api: true } } },
  })
  if (!instance) throw new Problem('not-found', 'There is no such API instance.')
  const gateway = await gatewayIn(tx, organisationId, instance.gatewayId)
  const { api, label } = instance.apiVersion
  const steps = stepsOf(instance.policies, await openerOf(tx, organisationId))
  return {
    instanceId,
    version: instance.version,
    api: { id: api.id, name: api.name, title: api.title, version: label },
    gateway: { id: gateway.id, name: gateway.name, headRevision: gateway.headRevision },
    upstreamUrl: instance.upstreamUrl,
    upstreams: upstreamNamesOf(instance),
    basePath: instance.basePath,
    policies: steps.map((step) => ({
      ...step,
      config: shownConfig(step.kind, step.config),
      verdict: shownVerdict(step.kind, verdictOn(step.kind, step.config)),
    })),
    deployed: await deployedChain(tx, gateway, instanceId, steps),
  }
}

/** What the policies of an instance may call its upstreams. */
export function upstreamNamesOf({ destinations }: { destinations: unknown }): string[] {
  return [mainUpstream, ...routing.parse({ destinations }).destinations.map(({ name }) => name)]
}

/** Attachments in their order, with their secrets open and the defaults of their configurations written out. */
export function stepsOf(attachments: readonly PolicyAttachment[], opener: Opener): ChainStep[] {
  return attachments
    .toSorted((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1))
    .map(({ id, kind, policyVersion, label, enabled, dryRun, rules, upstreams, config }) => ({
      id,
      kind,
      policyVersion,
      label,
      enabled,
      dryRun,
      rules: policyRules.parse(rules),
      upstreams,
      config: wholeConfig(kind, openedConfig(kind, config, opener)),
    }))
}

// Written by this folder alone, always an object.
function wholeConfig(kind: string, config: unknown): Record<string, unknown> {
  return verdictOn(kind, config).config ?? (config as Record<string, unknown>)
}

async function deployedChain(
  tx: Tx,
  gateway: Awaited<ReturnType<typeof gatewayIn>>,
  instanceId: string,
  draft: readonly ChainStep[],
): Promise<Chain['deployed']> {
  const manifest = await manifestOf(tx, gateway, gateway.headRevision)
  const hash = manifest?.items[`api:${instanceId}`]
  if (!manifest || !hash) return null
  const item = (await itemsByHash(tx, gateway.organisationId, [hash])).get(hash)
  if (item?.kind !== 'api') return null
  const drafted = new Map(draft.map((step) => [step.id, step.config]))
  return {
    revision: manifest.revision,
    policies: item.policies.map((policy) => deployedStep(item, policy, drafted.get(policy.id))),
  }
}

function namesIn(api: ApiItem, ids: readonly string[] = []): string[] {
  const names = upstreamNames(api)
  return ids.map((id) => names.get(id) ?? id)
}

function deployedStep(
  api: ApiItem,
  { id, kind, policyVersion, label, dryRun = false, rules = [], upstreams, config }: AttachedPolicy,
  drafted: ChainStep['config'] | undefined,
): ChainStep {
  // Masks that are equal on both sides must mean secrets that are.
  const shown = withoutSecretsBeside(kind, config, drafted ?? config) as ChainStep['config']
  return {
    id,
    kind,
    policyVersion,
    label,
    enabled: true,
    dryRun,
    rules,
    upstreams: namesIn(api, upstreams),
    config: shown,
  }
}

/** Where an API is exposed, newest first: the chains that the designer can show for it. */
export async function listChains(actor: Actor, apiId: string) {
  requirePermission(actor, 'apis.read')
  const instances = await db().apiInstance.findMany({
    where: { organisationId: actor.organisationId, apiVersion: { apiId } },
    select: { id: true, gateway: { select: { name: true } }, apiVersion: { select: { label: true } } },
    orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
  })
  return instances.map(({ id, gateway, apiVersion }) => ({
    instanceId: id,
    gateway: gateway.name,
    version: apiVersion.label,
  }))
}
