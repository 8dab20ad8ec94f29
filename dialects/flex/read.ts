import type { ApiItem, AttachedPolicy, ContractsItem, Item, ListenerItem } from '#contract/items.ts'
import { durationsToRewrite } from '../cert-manager/resources.ts'
import { claimOf, placingPointer, toldOf } from '#contract/judgement.ts'
import { addressesOverlap } from '#contract/listeners.ts'
import { placeApis } from '#contract/placing.ts'
import { segmentsOf } from '#domain/json-pointer.ts'
import { resolveChain } from '#policies/chain.ts'
import { noContexts } from '#policies/settings.ts'
import { type Address, addressOf, listenerId } from './address.ts'
import { type Attachment, attachedPolicies, Bindings, inlineAttachments } from './attachments.ts'
import { type NodeSettings, settingsOf } from './configuration.ts'
import {
  type FlexFault,
  faultsOf,
  type Path,
  readDocuments,
  type Source,
  type YamlDocument,
} from './document.ts'
import { type Environment, PolicyConfigs } from './policies.ts'
import { type FlexNote, keyOf, type Placed, placeOf, Register } from './register.ts'
import { type ApiInstance, type Resource, resource } from './resources.ts'
import { isRoute, Router, type Routing } from './routes.ts'
import { Secrets } from './secrets.ts'
import { inboundTlsOf, type Listening, type TlsConfig, TlsReader } from './tls.ts'

/** What reading needs of the world. */
export interface FlexPorts {
  /** SHA-256 of a text in lower-case hex. */
  readonly sha256: (text: string) => string
  /** A certificate that the node makes for itself, for an https address that is given none. */
  readonly ownCertificate: (host: string) => { crt: string; key: string }
  readonly environment: Environment
  readonly allowLoopback: boolean
}

/** Finds where that stands which a pointer of the kind `/<item id>/policies/0/config` names. */
export type Locate = (pointer: string, detail: string) => FlexFault | undefined

export type FlexResult =
  | { ok: true; items: Item[]; settings: NodeSettings; notes: FlexNote[]; locate: Locate }
  | { ok: false; faults: FlexFault[]; notes: FlexNote[] }

/**
 * Compiles Flex resources to items. Everything that is not understood is a fault, and with a fault there are
 * no items: a configuration is taken whole or not at all.
 */
export function readFlex(sources: readonly Source[], ports: FlexPorts): FlexResult {
  const faults: FlexFault[] = []
  const placed: Placed[] = []
  for (const source of sources) {
    const read = readDocuments(source)
    faults.push(...read.faults)
    for (const document of read.documents) {
      const parsed = parseResource(document, faults)
      if (parsed !== undefined) placed.push({ resource: parsed, document })
    }
  }
  if (faults.length > 0) return { ok: false, faults, notes: [] }
  const register = new Register(placed)
  const settings = settingsOf(register)
  const compilation = new Compilation(register, settings, ports)
  const items = compilation.items()
  noteOthers(register)
  const { notes } = register
  if (register.faults.length > 0) return { ok: false, faults: register.faults, notes }
  return { ok: true, items, settings, notes, locate: compilation.locate }
}

function parseResource(document: YamlDocument, faults: FlexFault[]): Resource | undefined {
  const parsed = resource.safeParse(document.value)
  if (parsed.success) return parsed.data
  faults.push(...faultsOf(parsed.error, document))
  return undefined
}

/** Resources of others in the folder: they are right, and nothing is to be done for them. */
function noteOthers(register: Register): void {
  for (const kind of ['Certificate', 'Issuer', 'ClusterIssuer', 'NetworkPolicy'] as const)
    for (const one of register.of(kind)) {
      const { namespace, name } = one.resource.metadata
      const key = kind === 'ClusterIssuer' ? `${kind} ${name}` : keyOf(kind, namespace, name)
      register.note('info', one, [], `${key} is recognised; the gateway has nothing to do for it`)
    }
  for (const one of register.of('Certificate'))
    for (const [member, text] of durationsToRewrite(one.resource)) {
      const given = one.resource.spec[member] ?? ''
      const detail = `cert-manager does not take ${given}; write ${text}`
      register.note('warning', one, ['spec', member], detail)
    }
}

interface Origin {
  readonly instance: Placed<ApiInstance>
  /** As the policies of the item. */
  readonly attachments: readonly Attachment[]
}

class Compilation {
  readonly #register: Register
  readonly #settings: NodeSettings
  readonly #ports: FlexPorts
  readonly #secrets: Secrets
  readonly #tls: TlsReader
  readonly #bindings: Bindings
  readonly #router: Router
  readonly #configs: PolicyConfigs
  /** What items were made of. */
  readonly #origins = new Map<string, Origin>()

  constructor(register: Register, settings: NodeSettings, ports: FlexPorts) {
    this.#register = register
    this.#settings = settings
    this.#ports = ports
    this.#secrets = new Secrets(register, ports.sha256)
    this.#tls = new TlsReader(register, this.#secrets)
    this.#bindings = new Bindings(register)
    this.#configs = new PolicyConfigs(register, this.#secrets, ports.environment)
    this.#router = new Router({
      register,
      settings,
      tls: this.#tls,
      bindings: this.#bindings,
      allowLoopback: ports.allowLoopback,
    })
  }

  items(): Item[] {
    this.#router.checkServices()
    const listening = this.#register.of('ApiInstance').flatMap((instance) => this.#listening(instance) ?? [])
    const listeners = this.#listeners(listening)
    const inbound = inboundTlsOf(listening, this.#register, this.#ports.ownCertificate)
    const items = listening.flatMap((one) => this.#itemsOf(one, inbound.get(one.instance), listeners))
    this.#checkPlaces(items, listeners)
    return [...listeners, ...items]
  }

  /** Instances that cannot be served where they are meant to be, or that are in each other's way. */
  #checkPlaces(items: readonly Item[], listeners: readonly ListenerItem[]): void {
    const apis = new Map(items.flatMap((item) => (item.kind === 'api' ? [[item.id, item] as const] : [])))
    const claims = [...apis.values()].flatMap((api) => claimOf(api, noContexts) ?? [])
    const order = [...apis.keys()]
    const hasOthers = this.#register.faults.length > 0
    for (const fault of toldOf(placeApis(claims, listeners).faults, hasOthers)) {
      const { apiId, otherId = apiId, detail } = fault
      // Whoever reads sees the later one come into the way of the earlier one.
      const [first = '', last = ''] = [apiId, otherId].toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
      const [api, other] = [apis.get(last), this.#origins.get(first)?.instance]
      if (api === undefined || other === undefined) continue
      const where = first === last ? '' : `; ${other.resource.metadata.name} is at ${placeOf(other)}`
      const found = this.locate(placingPointer(api, fault).replace(/^\/items/, ''), detail + where)
      if (found !== undefined) this.#register.add(found)
    }
  }

  readonly locate: Locate = (pointer, detail) => {
    const [id = '', member, index, ...inside] = segmentsOf(pointer)
    const origin = this.#origins.get(id)
    const attachment = member === 'policies' ? origin?.attachments[Number(index)] : undefined
    if (attachment !== undefined) return attachment.document.fault(placeOfFault(attachment, inside), detail)
    const isAddress = id.startsWith('listener:') || addressMembers.has(member ?? '')
    const path = isAddress ? ['spec', 'address'] : ['spec']
    return origin?.instance.document.fault(path, detail)
  }

  #listening(instance: Placed<ApiInstance>): Listening | undefined {
    const { address: text, tls } = instance.resource.spec
    const address = addressOf(text)
    if (typeof address === 'string') {
      this.#register.report(instance, ['spec', 'address'], address)
      return undefined
    }
    if (tls === undefined) return { instance, address, tls: this.#boundTls(instance) }
    if (address.protocol === 'http') {
      this.#register.report(instance, ['spec', 'tls'], 'needs an https address')
      return undefined
    }
    const { namespace } = instance.resource.metadata
    const at = { document: instance.document, path: ['spec', 'tls'], namespace }
    return { instance, address, tls: this.#tls.inbound({ tls, at }) }
  }

  /** The TLS that a `tls` policy says. */
  #boundTls(instance: Placed<ApiInstance>): TlsConfig | undefined {
    const [bound] = tlsPoliciesOf(this.#attachments(instance))
    return bound && this.#configs.resolved(bound).config
  }

  /** A listener for each address and port; instances that cannot share one are faults that name both. */
  #listeners(all: readonly Listening[]): ListenerItem[] {
    const listeners = new Map<string, { first: Listening; item: ListenerItem }>()
    for (const one of all) {
      const { protocol, listener } = one.address
      const id = listenerId(one.address)
      const known = listeners.get(id)
      if (known !== undefined && known.item.protocol !== protocol) {
        this.#clash(one, known.first, `want http and https at port ${listener.port}`)
        continue
      }
      const proxyProtocol = this.#settings.proxyProtocol ? { proxyProtocol: true } : {}
      const item: ListenerItem = { kind: 'listener', id, protocol, ...listener, ...proxyProtocol }
      listeners.set(id, known ?? { first: one, item })
    }
    this.#checkOverlap([...listeners.values()].map(({ first }) => first))
    return [...listeners.values()].map(({ item }) => item)
  }

  /** A port at all addresses and the same port at one of them cannot both be opened. */
  #checkOverlap(firsts: readonly Listening[]): void {
    for (const [index, one] of firsts.entries()) {
      const { address, port } = one.address.listener
      const other = firsts
        .slice(0, index)
        .find(
          ({ address: { listener } }) =>
            listener.port === port && addressesOverlap(listener.address, address),
        )
      if (other !== undefined && port !== 0)
        this.#clash(one, other, `want port ${port}, at ${address} and at ${other.address.listener.address}`)
    }
  }

  #clash(one: Listening, other: Listening, what: string): void {
    const names = `${one.instance.resource.metadata.name} and ${other.instance.resource.metadata.name}`
    this.#register.report(one.instance, ['spec', 'address'], `${names} (${placeOf(other.instance)}) ${what}`)
  }

  #attachments(instance: Placed<ApiInstance>): Attachment[] {
    return [...inlineAttachments(instance, this.#register), ...this.#bindings.of(instance)]
  }

  #itemsOf(
    { instance, address }: Listening,
    inbound: TlsConfig | undefined,
    listeners: readonly ListenerItem[],
  ): Item[] {
    const { name, namespace } = instance.resource.metadata
    const id = `${namespace}/${name}`
    const written = this.#attachments(instance)
    const routing = this.#router.routing(instance, written)
    const clients = this.#configs.clients(written)
    if (routing === undefined) return []
    const contracts: ContractsItem | undefined = clients && {
      kind: 'contracts',
      id: `contracts:${id}`,
      clients,
    }
    const aimed = written.map((one) => this.#router.aimed(one, routing))
    const own = [...aimed.filter(({ kind }) => !isRoute(kind) && kind !== 'tls'), ...routing.attachments].map(
      (one) => this.#configs.resolved(one),
    )
    const attachments = [
      ...own,
      ...this.#inbound(instance, address, written, inbound),
      ...this.#idleTimeout(id, own, routing),
    ]
    const { upstream, destinations } = routing
    const api: ApiItem = {
      kind: 'api',
      id: `api:${id}`,
      name,
      version: '',
      host: address.host,
      basePath: address.basePath,
      // Flex takes the base path off before it forwards.
      stripBasePath: true,
      ...(isPlain(listeners) ? {} : { listeners: [listenerId(address)] }),
      upstream: upstream.id,
      ...(destinations.size === 0
        ? {}
        : { destinations: Object.fromEntries([...destinations].map(([key, one]) => [key, one.id])) }),
      policies: this.#policies(attachments, routing),
      ...(contracts === undefined ? {} : { contracts: contracts.id }),
    }
    const origin = { instance, attachments }
    for (const item of [api, upstream, ...destinations.values()]) this.#origins.set(item.id, origin)
    this.#origins.set(listenerId(address), origin)
    const upstreams = new Map([upstream, ...destinations.values()].map((one) => [one.id, one]))
    return [...upstreams.values(), ...(contracts === undefined ? [] : [contracts]), api]
  }

  /** The `tls` policy of an https instance, whoever wrote it. */
  #inbound(
    instance: Placed<ApiInstance>,
    { protocol }: Address,
    written: readonly Attachment[],
    config: TlsConfig | undefined,
  ): Attachment[] {
    const hasOwn = instance.resource.spec.tls !== undefined
    const bound = tlsPoliciesOf(written)
    if (protocol === 'http') {
      for (const one of bound) this.#misplaced(one, 'TLS needs an https address')
      return []
    }
    for (const one of bound.slice(hasOwn ? 0 : 1)) this.#misplaced(one, 'this API already says its TLS')
    const [first] = bound
    if (config === undefined) return []
    if (first !== undefined && !hasOwn) return [this.#configs.resolved(first)]
    const { namespace, name } = instance.resource.metadata
    return [
      made('tls', config, {
        document: instance.document,
        path: hasOwn ? ['spec', 'tls'] : ['spec', 'address'],
        id: `${namespace}/${name}/tls`,
        namespace,
      }),
    ]
  }

  /** TLS for many instances gives way to that of one of them, and passes by those that have none. */
  #misplaced(one: Attachment, detail: string): void {
    const path = [...one.path, 'policyRef']
    if (one.automated) this.#register.note('info', one, path, detail)
    else this.#register.report(one, path, detail)
  }

  /** What a Configuration says of idle connections holds for every API that does not say it itself. */
  #idleTimeout(id: string, others: readonly Attachment[], { ids }: Routing): Attachment[] {
    const { timeouts, timeoutsAt } = this.#settings
    const kind = 'upstream-idle-timeout'
    if (timeouts.upstreamIdleSeconds === undefined || timeoutsAt === undefined) return []
    const said = others.filter((one) => one.kind === kind)
    const done = new Set(said.flatMap(({ upstreams }) => upstreams ?? [...ids.values()]))
    const rest = [...ids.values()].filter((upstream) => !done.has(upstream))
    if (rest.length === 0) return []
    const path = ['spec', 'timeouts', 'upstreamConnectionIdleSeconds']
    const { namespace } = timeoutsAt.resource.metadata
    const where = { document: timeoutsAt.document, path, id: `${id}/${kind}`, namespace }
    const idle = made(kind, { timeout: timeouts.upstreamIdleSeconds }, where)
    return [said.length === 0 ? idle : { ...idle, upstreams: rest }]
  }

  #policies(attachments: readonly Attachment[], { ids }: Routing): AttachedPolicy[] {
    const attached = attachedPolicies(attachments, this.#register)
    const names = new Map([...ids].map(([name, id]) => [id, name]))
    const chain = resolveChain(attached, names)
    if (chain.ok) return attached
    for (const fault of chain.faults) {
      const [index = '', ...inside] = segmentsOf(fault.pointer)
      const attachment = attachments[Number(index)]
      if (attachment === undefined) continue
      this.#register.report(attachment, placeOfFault(attachment, inside), fault.detail)
    }
    return []
  }
}

/** Members of an API that come from the address of its instance. */
const addressMembers = new Set(['host', 'basePath', 'listeners'])

/** Where a fault in a policy of an item stands in the text. */
function placeOfFault({ isMade, path }: Attachment, inside: readonly string[]): Path {
  if (isMade) return path
  const [member] = inside
  if (member === 'kind') return [...path, 'policyRef', 'name']
  return [...path, ...(member === 'upstreams' ? ['targetRef'] : inside)]
}

/** One listener without TLS is for all APIs, and need not be named. */
function isPlain([first, second]: readonly ListenerItem[]): boolean {
  return second === undefined && first?.protocol === 'http'
}

/** The `tls` policies of an instance, its own before those for many. */
function tlsPoliciesOf(attachments: readonly Attachment[]): Attachment[] {
  const all = attachments.filter(({ kind }) => kind === 'tls')
  return [...all.filter(({ automated }) => !automated), ...all.filter(({ automated }) => automated)]
}

/** An attachment that was not written as a policy. */
function made(
  kind: string,
  config: Readonly<Record<string, unknown>>,
  where: Pick<Attachment, 'document' | 'path' | 'id' | 'namespace'>,
): Attachment {
  return {
    ...where,
    isMade: true,
    kind,
    order: undefined,
    config,
    rules: undefined,
    dryRun: false,
    automated: false,
    label: '',
  }
}
