import { addressOf } from '#dialects/flex/address.ts'
import { type Attachment, Bindings, inlineAttachments } from '#dialects/flex/attachments.ts'
import { endpointsOf } from '#dialects/flex/endpoints.ts'
import { PolicyConfigs } from '#dialects/flex/policies.ts'
import { type Placed, Register } from '#dialects/flex/register.ts'
import type { ApiInstance, Reach } from '#dialects/flex/resources.ts'
import { Secrets } from '#dialects/flex/secrets.ts'
import { chainStepInput, type ChainStepInput } from '#domain/chain.ts'
import { resourceName } from '#domain/documents.ts'
import { policyOf } from '#policies/index.ts'
import type { Documents, OpenApiDocument } from '../check/documents.ts'
import { type AppliedContent, contentOf } from '../networks/applied-content.ts'
import { sha256 } from '../publish/compile.ts'
import { clientsOf, type PlannedClient } from './plan-clients.ts'
import { type PlannedContext, TlsPlanner, type TlsSide } from './plan-tls.ts'

/** What documents become in a portal, before anything is looked up there. */

export interface PlannedStep {
  readonly step: ChainStepInput
  /** The context that the step takes its certificates from. */
  readonly context: string | null
}

export interface PlannedApi {
  readonly name: string
  /** The namespace that it was written for. */
  readonly network: string
  readonly host: string
  readonly basePath: string
  readonly listener: { readonly protocol: 'http' | 'https'; readonly port: number }
  readonly upstreamUrl: string
  readonly endpoints: readonly { url: string; weight: number }[]
  readonly protocol: 'http1' | 'http2'
  readonly destinations: readonly { name: string; endpoints: { url: string; weight: number }[] }[]
  readonly steps: readonly PlannedStep[]
  readonly clients: readonly PlannedClient[]
  /** The OpenAPI document that goes with it, by its name; null where none does. */
  readonly openapi: { readonly text: string; readonly label: string } | null
}

export interface Planned<Key = string> {
  readonly apis: readonly PlannedApi[]
  readonly contexts: readonly PlannedContext<Key>[]
  readonly networks: readonly string[]
  /** NetworkPolicies, and what tells which pods they are about; null without any. */
  readonly applied: AppliedContent | null
  readonly notes: Register['notes']
}

export function planOf(documents: Documents): Planned {
  const register = new Register(documents.resources)
  const planner = new Planner(register, documents.openapis)
  const apis = register.of('ApiInstance').flatMap((instance) => planner.api(instance) ?? [])
  // What leads nowhere is told, and is no reason to take nothing.
  for (const fault of register.faults.splice(0)) register.notes.push({ ...fault, level: 'warning' })
  return {
    apis: [...apis, ...planner.alone()],
    contexts: planner.contexts,
    networks: [...new Set(apis.map(({ network }) => network))],
    applied: contentOf(documents),
    notes: register.notes,
  }
}

class Planner {
  readonly #register: Register
  readonly #openapis: readonly OpenApiDocument[]
  readonly #bindings: Bindings
  readonly #configs: PolicyConfigs
  readonly #tls: TlsPlanner
  /** Those that go with an ApiInstance. */
  readonly #taken = new Set<OpenApiDocument>()

  constructor(register: Register, openapis: readonly OpenApiDocument[]) {
    const secrets = new Secrets(register, sha256)
    this.#register = register
    this.#openapis = openapis
    this.#bindings = new Bindings(register)
    this.#configs = new PolicyConfigs(register, secrets, () => undefined)
    this.#tls = new TlsPlanner(register, secrets)
  }

  get contexts(): readonly PlannedContext[] {
    return this.#tls.contexts
  }

  api(instance: Placed<ApiInstance>): PlannedApi | undefined {
    const { metadata, spec } = instance.resource
    const address = addressOf(spec.address)
    if (typeof address === 'string') return undefined
    const attachments = [...inlineAttachments(instance, this.#register), ...this.#bindings.of(instance)]
    const services = Object.entries(spec.services ?? {})
    const [main] = services
    if (main === undefined) {
      this.#register.note('warning', instance, ['spec'], `${metadata.name} has no service and is left out`)
      return undefined
    }
    const ends = reached(main[1])
    const name = resourceName(metadata.name)
    return {
      name,
      network: metadata.namespace,
      host: address.host,
      basePath: address.basePath,
      listener: { protocol: address.protocol, port: address.listener.port },
      upstreamUrl: ends.endpoints[0]?.url ?? '',
      endpoints: ends.endpoints,
      protocol: ends.protocol,
      destinations:
        services.length < 2
          ? []
          : services.map(([service, reach]) => ({ name: service, endpoints: reached(reach).endpoints })),
      steps: [
        ...this.#tls.inbound(instance, attachments).map(tlsStep),
        ...this.#tls.outbound(instance, attachments).map(tlsStep),
        ...attachments.flatMap((attachment) => this.#step(attachment) ?? []),
      ],
      clients: clientsOf(instance, attachments, this.#register, this.#configs),
      openapi: this.#documentFor(name),
    }
  }

  /** OpenAPI documents that go with no ApiInstance are APIs by themselves. */
  alone(): PlannedApi[] {
    return this.#openapis
      .filter((one) => !this.#taken.has(one))
      .flatMap(({ text, document: { title, label, servers } }): PlannedApi[] => {
        const [server] = servers.filter((url) => /^https?:/.test(url))
        if (server === undefined) return []
        const name = resourceName(title)
        return [
          {
            name,
            ...{ network: '', host: '*', basePath: `/${name}`, upstreamUrl: server, endpoints: [] },
            ...{ protocol: 'http1', destinations: [], steps: [], clients: [], openapi: { text, label } },
            listener: { protocol: 'http', port: 0 },
          },
        ]
      })
  }

  #documentFor(name: string): PlannedApi['openapi'] {
    const found = this.#openapis.find(({ document, file }) => {
      const base =
        file
          .split('/')
          .at(-1)
          ?.replace(/(?:[-.]openapi)?\.(?:ya?ml|json)$/i, '') ?? ''
      return resourceName(document.title) === name || resourceName(base) === name
    })
    if (found === undefined) return null
    this.#taken.add(found)
    return { text: found.text, label: found.document.label }
  }

  #step(attachment: Attachment): PlannedStep | undefined {
    const { kind, document, path, label, dryRun, rules = [] } = attachment
    if (kind === 'tls' || kind === 'tls-outbound') return undefined
    const policy = policyOf(kind)
    const left = (why: string): undefined => {
      this.#register.note('warning', { document }, path, `${kind} is left out: ${why}`)
    }
    if (policy === undefined) return left('there is no such policy here')
    const before = this.#register.faults.length
    const { config } = this.#configs.resolved(attachment)
    const [fault] = this.#register.faults.splice(before)
    if (fault !== undefined) return left(fault.detail)
    const parsed = policy.config.safeParse(config)
    if (!parsed.success) return left(parsed.error.issues[0]?.message ?? 'its configuration does not fit')
    const upstreams = attachment.service === undefined ? [] : [attachment.service]
    const step = chainStepInput.safeParse({ kind, label, dryRun, rules, upstreams, config })
    return step.success ? { step: step.data, context: null } : left('it cannot be attached so')
  }
}

function tlsStep({ kind, config, context, service }: TlsSide): PlannedStep {
  const upstreams = service === undefined ? [] : [service]
  return { step: chainStepInput.parse({ kind, config, upstreams }), context }
}

function reached(reach: Reach) {
  const ends = endpointsOf(reach, [])
  return {
    endpoints: ends.map(({ url, weight = 1 }) => ({ url, weight })),
    protocol: ends[0]?.protocol ?? 'http1',
  }
}
