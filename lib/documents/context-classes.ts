import type { DocumentWish } from '#domain/documents.ts'
import type { NetworkClass } from '#domain/network.ts'
import type { Known } from './known.ts'
import type { PlannedContext } from './plan-tls.ts'

/** The class of a context that documents do not say, and how it is known. */
export interface KnownClass {
  readonly class: NetworkClass
  readonly because: string
  /** Nobody has said so. */
  readonly isPresumed: boolean
}

/** As somebody chose; else as its CAs are used here; else what most contexts are, which is then said. */
export function classOf(
  { name, authorities }: Pick<PlannedContext<unknown>, 'name' | 'authorities'>,
  known: Pick<Known, 'trusted' | 'hashOf'>,
  choices: DocumentWish['contexts'] = [],
): KnownClass {
  const chosen = choices.find((choice) => choice.name === name)
  if (chosen) return { class: chosen.class, because: 'as it was chosen', isPresumed: false }
  const here = authorities.flatMap(({ pem }) => known.trusted.get(known.hashOf(pem)) ?? [])
  const foreign = here.find(({ runBy }) => runBy === 'third-party')
  if (foreign)
    return {
      ...{ class: 'non-org-external', isPresumed: false },
      because: `a third party runs its CA ${foreign.name}`,
    }
  const classes = new Set(here.flatMap(({ contexts }) => contexts.map((one) => one.class)))
  const [only, another] = classes
  const [first] = here
  if (only !== undefined && another === undefined && first)
    return { class: only, because: `contexts here that trust ${first.name} are of it`, isPresumed: false }
  return { class: 'org-internal', because: 'presumed: nothing says who runs its CA', isPresumed: true }
}

/** Who runs a CA that is new here: a third party, where every context that trusts it is for one. */
export function runByOf(pem: string, contexts: readonly (KnownClass & { pems: readonly string[] })[]) {
  const trusting = contexts.filter(({ pems }) => pems.includes(pem))
  return trusting.length > 0 && trusting.every((one) => one.class === 'non-org-external')
    ? ('third-party' as const)
    : ('organisation' as const)
}
