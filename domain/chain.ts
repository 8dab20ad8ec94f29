import { z } from 'zod'
import { policyRules } from './policy-rule.ts'

/** The policies of an API instance in the order in which requests meet them, as pages and machines see them. */

/** What a policy is for; requests meet the categories in this order unless somebody says otherwise. */
export const categories = ['trust', 'identity', 'traffic', 'resilience', 'shape', 'observability'] as const
export type Category = (typeof categories)[number]

/** A policy as a form and a document need it. */
export const policyDescription = z.object({
  kind: z.string(),
  policyVersion: z.string(),
  title: z.string(),
  summary: z.string(),
  category: z.enum(categories),
  /** Runs before everything else, whatever its place. */
  first: z.boolean(),
  /** It is about the way to the upstream, and can be for some upstreams alone. */
  perUpstream: z.boolean(),
  /** JSON Schema 2020-12 of its configuration. */
  schema: z.record(z.string(), z.unknown()),
})

export const policyList = z.object({ policies: z.array(policyDescription) })

const config = z.record(z.string(), z.unknown())

/** A fault inside one configuration; the pointer begins at the configuration. */
const configFault = z.object({ pointer: z.string(), detail: z.string() })

/** What the policy itself says about a configuration. */
export const verdict = z.object({
  /** One line about what it does; null while the configuration does not fit. */
  summary: z.string().nullable(),
  /** With its defaults written out; null while it does not fit. */
  config: config.nullable(),
  faults: z.array(configFault),
  /** What it can be saved and deployed with, and should not be: certificates that are not valid now. */
  warnings: z.array(configFault),
  /** Whether it acts on requests and on answers. */
  onRequest: z.boolean(),
  onResponse: z.boolean(),
})

/** `main`, or the name of a destination. */
const upstreamName = z.string().min(1).max(100)

const chainStep = z.object({
  id: z.string(),
  kind: z.string(),
  policyVersion: z.string(),
  label: z.string(),
  enabled: z.boolean(),
  /** Decides and reports, and lets through. */
  dryRun: z.boolean(),
  /** Which requests it is for; all of them without rules. */
  rules: policyRules,
  /** Which upstreams of the API it is for; all of them where none is named. */
  upstreams: z.array(upstreamName),
  config,
})

/** The draft chain of an instance beside the one that runs. */
export const chain = z.object({
  instanceId: z.string(),
  /** The instance's version, which a write must name. */
  version: z.int(),
  api: z.object({ id: z.string(), name: z.string(), title: z.string(), version: z.string() }),
  gateway: z.object({ id: z.string(), name: z.string(), headRevision: z.int() }),
  upstreamUrl: z.string(),
  /** What policies may call its upstreams: `main`, and its destinations by their names. */
  upstreams: z.array(upstreamName),
  basePath: z.string(),
  policies: z.array(chainStep.extend({ verdict })),
  /** Null while the API is not deployed. */
  deployed: z.object({ revision: z.int(), policies: z.array(chainStep) }).nullable(),
})

export const chainStepInput = z.strictObject({
  /** An existing step's id keeps that step; without one, or with a new one, a step is added. */
  id: z.uuid().optional(),
  kind: z.string().min(1).max(100),
  policyVersion: z.string().max(50).optional(),
  label: z.string().trim().max(120).default(''),
  enabled: z.boolean().default(true),
  dryRun: z.boolean().default(false),
  rules: policyRules.default([]),
  upstreams: z.array(upstreamName).max(51).default([]),
  config,
})
export const chainInput = z.strictObject({ policies: z.array(chainStepInput).max(50) })

export type PolicyDescription = z.infer<typeof policyDescription>
export type Verdict = z.infer<typeof verdict>
export type ChainStep = z.infer<typeof chainStep>
export type Chain = z.infer<typeof chain>
export type ChainStepInput = z.infer<typeof chainStepInput>

export interface Placed {
  category: Category
  /** Runs before everything else, whatever its place. */
  first: boolean
}

/** Where a policy belongs: after everything that usually comes before it. */
export function placeFor(policy: Placed, chain: readonly Placed[]): number {
  const rank = ({ category, first }: Placed) => (first ? -1 : categories.indexOf(category))
  return chain.findLastIndex((other) => rank(other) <= rank(policy)) + 1
}

/** How a step of the draft stands to what runs. `off` runs now and would stop. */
export type Mark = 'same' | 'added' | 'changed' | 'moved' | 'off' | 'unused'

/** The marks of a draft's steps, and the steps that run and are gone from the draft. */
export function compareChains(
  draft: readonly ChainStep[],
  deployed: readonly ChainStep[],
): { marks: ReadonlyMap<string, Mark>; removed: ChainStep[] } {
  const running = new Map(deployed.map((step, at) => [step.id, { step, at }]))
  const kept = draft.filter((step) => step.enabled && running.has(step.id))
  const still = inOrder(kept.map((step) => running.get(step.id)?.at ?? 0))
  const unmoved = new Set(kept.filter((_, index) => still.has(index)).map((step) => step.id))
  const marks = new Map(
    draft.map((step) => [step.id, markOf(step, running.get(step.id)?.step, unmoved.has(step.id))]),
  )
  const ids = new Set(draft.map((step) => step.id))
  return { marks, removed: deployed.filter((step) => !ids.has(step.id)) }
}

function markOf(step: ChainStep, runs: ChainStep | undefined, unmoved: boolean): Mark {
  if (!runs) return step.enabled ? 'added' : 'unused'
  if (!step.enabled) return 'off'
  const same =
    step.kind === runs.kind &&
    step.policyVersion === runs.policyVersion &&
    step.label === runs.label &&
    step.dryRun === runs.dryRun &&
    sameValue(step.rules, runs.rules) &&
    sameValue(step.upstreams, runs.upstreams) &&
    sameValue(step.config, runs.config)
  if (!same) return 'changed'
  return unmoved ? 'same' : 'moved'
}

// The longest run of positions that are still in order: as few steps as possible count as moved.
function inOrder(positions: readonly number[]): Set<number> {
  const best: number[][] = positions.map((_, index) => [index])
  for (const [index, position] of positions.entries()) {
    for (let before = 0; before < index; before++) {
      const candidate = best[before] ?? []
      if ((positions[before] ?? 0) < position && candidate.length >= (best[index]?.length ?? 0)) {
        best[index] = [...candidate, index]
      }
    }
  }
  return new Set(best.reduce<number[]>((longest, run) => (run.length > longest.length ? run : longest), []))
}

/** Whether two JSON values say the same; the order of an object's members says nothing. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [membersOf(a), membersOf(b)]
  return (
    left.size === right.size &&
    [...left].every(([key, value]) => right.has(key) && sameValue(value, right.get(key)))
  )
}

// A member that is undefined is not there: JSON has no word for it.
function membersOf(value: object): Map<string, unknown> {
  return new Map(Object.entries(value).filter(([, member]) => member !== undefined))
}
