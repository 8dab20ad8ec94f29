import type { AttachedPolicy } from '#contract/items.ts'
import type { PolicyRule } from '#domain/policy-rule.ts'
import { policyOf } from '#policies/index.ts'
import type { Path, YamlDocument } from './document.ts'
import type { Placed, Register } from './register.ts'
import { keyOf } from './register.ts'
import type { ApiInstance, PolicyBinding } from './resources.ts'

/** One policy of an API, wherever it was written. */
export interface Attachment {
  readonly document: YamlDocument
  /** Leads to the object with `policyRef`, `order` and `config`; or to what the policy was made of. */
  readonly path: Path
  /** It was made of something else than a policy, so that faults stand at the path itself. */
  readonly isMade: boolean
  readonly id: string
  readonly kind: string
  /** Undefined where it follows from where it stands. */
  readonly order: number | undefined
  readonly config: Readonly<Record<string, unknown>>
  readonly rules: readonly PolicyRule[] | undefined
  readonly dryRun: boolean
  readonly automated: boolean
  readonly label: string
  /** Where its Secrets and Services are looked for. */
  readonly namespace: string
  /** The one upstream that it was written for, by the name that routes use. */
  readonly service?: string | undefined
  /** The ids of those of several upstreams that it is for; all of them without this. */
  readonly upstreams?: readonly string[] | undefined
}

/** What the policies of Flex are called here, where that differs by more than an ending. */
const otherNames: Readonly<Record<string, string>> = {
  'idle-timeout': 'upstream-idle-timeout',
  'oauth-2-token-introspection': 'oauth2-token-introspection',
  'external-oauth2-access-token-enforcement': 'oauth2-token-introspection',
  'basic-authentication': 'http-basic-authentication',
  'basic-authentication-simple': 'http-basic-authentication',
  'ip-whitelist': 'ip-allowlist',
  'ip-blacklist': 'ip-blocklist',
  'credential-injection-oauth-2': 'credential-injection-oauth2',
  'schema-validation': 'spec-validation',
}

/** Flex calls its own implementations `rate-limiting-flex`, or `spike-control-v1-0-impl`. */
export function policyKindOf(name: string): string {
  if (policyOf(name) !== undefined) return name
  const short = name.replace(/(?:-v\d+-\d+)?(?:-impl)?$/, '').replace(/-flex$/, '')
  const kind = otherNames[short] ?? short
  return policyOf(kind) === undefined ? name : kind
}

type Written = Pick<PolicyBinding['spec'], 'order' | 'config' | 'rules' | 'dryRun' | 'label' | 'policyRef'>

function attachmentOf(
  written: Written,
  where: Pick<Attachment, 'document' | 'path' | 'id' | 'namespace' | 'automated'>,
): Attachment {
  const { policyRef, order, config, rules, dryRun, label = '' } = written
  return { ...where, isMade: false, kind: policyKindOf(policyRef.name), order, config, rules, dryRun, label }
}

/** The policies that stand inside an instance. Disabled ones are noted and left out. */
export function inlineAttachments(instance: Placed<ApiInstance>, register: Register): Attachment[] {
  const { metadata, spec } = instance.resource
  const { namespace, name } = metadata
  return (spec.policies ?? []).flatMap((policy, index) => {
    const path = ['spec', 'policies', index]
    if (!policy.enabled) {
      register.note('info', instance, path, `${policy.policyRef.name} is disabled`)
      return []
    }
    const id = `${namespace}/${name}/${index}`
    const where = { document: instance.document, path, id, namespace, automated: false }
    return [{ ...attachmentOf(policy, where), service: policy.targetRef?.name }]
  })
}

/** Sorts bindings by the instances that they are for. */
export class Bindings {
  readonly #byInstance = new Map<Placed<ApiInstance>, Attachment[]>()
  readonly #byService = new Map<string, Attachment[]>()
  readonly #register: Register

  constructor(register: Register) {
    this.#register = register
    for (const binding of register.of('PolicyBinding')) this.#add(binding)
  }

  /** Those of an instance itself, and those that select it by its labels. */
  of(instance: Placed<ApiInstance>): readonly Attachment[] {
    return this.#byInstance.get(instance) ?? []
  }

  /** Those of a Service, by `keyOf` it. */
  ofService(key: string): readonly Attachment[] {
    return this.#byService.get(key) ?? []
  }

  #add(binding: Placed<PolicyBinding>): void {
    const { metadata, spec } = binding.resource
    if (!spec.enabled) {
      this.#register.note('info', binding, ['spec', 'enabled'], `${metadata.name} is disabled`)
      return
    }
    const { kind, name = '', namespace = metadata.namespace, selector } = spec.targetRef
    const attachment = attachmentOf(spec, {
      document: binding.document,
      path: ['spec'],
      id: `${metadata.namespace}/${metadata.name}`,
      namespace: metadata.namespace,
      automated: kind === 'Selector',
    })
    if (kind === 'Selector') return this.#select(binding, namespace, selector?.labels ?? {}, attachment)
    const instance = kind === 'Service' ? undefined : this.#register.find('ApiInstance', namespace, name)
    if (instance !== undefined) return this.#attach(instance, attachment)
    const service = kind === 'ApiInstance' ? undefined : this.#register.find('Service', namespace, name)
    const key = keyOf('Service', namespace, name)
    if (service !== undefined)
      return void this.#byService.set(key, [...(this.#byService.get(key) ?? []), attachment])
    const missing = `there is no ${keyOf(kind ?? 'ApiInstance', namespace, name)}`
    this.#register.report(binding, ['spec', 'targetRef', 'name'], missing)
  }

  #attach(instance: Placed<ApiInstance>, attachment: Attachment): void {
    this.#byInstance.set(instance, [...(this.#byInstance.get(instance) ?? []), attachment])
  }

  #select(
    binding: Placed<PolicyBinding>,
    namespace: string,
    labels: Readonly<Record<string, string>>,
    attachment: Attachment,
  ): void {
    const fitting = this.#register
      .of('ApiInstance')
      .filter(({ resource: { metadata } }) =>
        Object.entries(labels).every(([name, value]) => metadata.labels?.[name] === value),
      )
    const selected = fitting.filter(({ resource }) => resource.metadata.namespace === namespace)
    const path = ['spec', 'targetRef']
    if (selected.length === 0)
      this.#register.report(binding, path, `selects no ApiInstance of the namespace ${namespace}`)
    // Whoever protects "all" APIs should hear of those that are not.
    for (const { resource } of fitting.filter((one) => !selected.includes(one))) {
      const key = keyOf('ApiInstance', resource.metadata.namespace, resource.metadata.name)
      this.#register.note('warning', binding, path, `does not reach ${key}, which is in another namespace`)
    }
    for (const instance of selected) this.#attach(instance, attachment)
  }
}

/** TLS takes no part in the order of a chain, but every place in it needs a number of its own. */
const outOfOrder = new Set(['tls', 'tls-outbound'])

/**
 * The policies of an API as its item holds them. Those that say an order keep it; the others follow each other in
 * the order in which they were written, in the numbers that are free.
 */
export function attachedPolicies(attachments: readonly Attachment[], register: Register): AttachedPolicy[] {
  const taken = new Set<string>()
  const placeOf = (automated: boolean, order: number) => `${automated} ${order}`
  for (const one of attachments) {
    if (one.order === undefined) continue
    if (outOfOrder.has(one.kind)) {
      const detail = 'TLS takes no part in the order of policies, so that this says nothing'
      register.note('warning', one, [...one.path, 'order'], detail)
    } else taken.add(placeOf(one.automated, one.order))
  }
  const last = { up: 0, down: 0 }
  const next = (automated: boolean, direction: 'up' | 'down'): number => {
    do last[direction] += direction === 'up' ? 1 : -1
    while (taken.has(placeOf(automated, last[direction])))
    return last[direction]
  }
  return attachments.map((one) => {
    const { id, kind, config, rules, dryRun, automated, label, upstreams } = one
    const order = outOfOrder.has(kind) ? next(automated, 'down') : (one.order ?? next(automated, 'up'))
    return {
      id,
      kind,
      policyVersion: policyOf(kind)?.policyVersion ?? '',
      label,
      order,
      config: { ...config },
      ...(rules === undefined ? {} : { rules: [...rules] }),
      ...(dryRun ? { dryRun } : {}),
      ...(automated ? { automated } : {}),
      ...(upstreams === undefined ? {} : { upstreams: [...upstreams] }),
    }
  })
}
