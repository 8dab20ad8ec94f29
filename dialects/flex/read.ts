import type { z } from 'zod'
import type {
  ApiItem,
  AttachedPolicy,
  ContractsItem,
  Item,
  ListenerItem,
  UpstreamItem,
} from '#contract/items.ts'
import { upstreamItem } from '#contract/items.ts'
import { upstreamRefusal } from '#domain/address.ts'
import { segmentsOf } from '#domain/json-pointer.ts'
import { resolveChain } from '#policies/chain.ts'
import { policyOf } from '#policies/index.ts'
import { type FlexFault, type Path, readDocuments, type Source, type YamlDocument } from './document.ts'
import {
  type ApiInstance,
  apiKeysRef,
  type PolicyBinding,
  type Resource,
  resource,
  routeConfig,
  type Secret,
} from './resources.ts'

/** What reading needs of the world. */
export interface FlexPorts {
  /** SHA-256 of a text in lower-case hex. */
  readonly sha256: (text: string) => string
  readonly allowLoopback: boolean
}

export type FlexResult = { ok: true; items: Item[] } | { ok: false; faults: FlexFault[] }

/** A resource and the document that it was read from. */
interface Placed<R extends Resource = Resource> {
  readonly resource: R
  readonly document: YamlDocument
}

/** One policy of an API, wherever it was written. */
interface Attachment {
  readonly document: YamlDocument
  /** Leads to the object with `policyRef`, `order` and `config`. */
  readonly path: Path
  readonly id: string
  readonly kind: string
  readonly order: number
  readonly config: Readonly<Record<string, unknown>>
  readonly namespace: string
}

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
  if (faults.length > 0) return { ok: false, faults }
  const items = new Compilation(placed, ports, faults).items()
  return faults.length > 0 ? { ok: false, faults } : { ok: true, items }
}

function faultsOf(error: z.ZodError, document: YamlDocument, base: Path = []): FlexFault[] {
  return error.issues.flatMap((issue) => {
    const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
    if (issue.code !== 'unrecognized_keys') return [document.fault(path, issue.message)]
    return issue.keys.map((key) => document.keyFault([...path, key], `${key} is not supported here`))
  })
}

function parseResource(document: YamlDocument, faults: FlexFault[]): Resource | undefined {
  const parsed = resource.safeParse(document.value)
  if (parsed.success) return parsed.data
  faults.push(...faultsOf(parsed.error, document))
  return undefined
}

function isOf<K extends Resource['kind']>(kind: K) {
  return (one: Placed): one is Placed<Extract<Resource, { kind: K }>> => one.resource.kind === kind
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`
}

function placeOf({ document }: Placed): string {
  const { file, line } = document.fault([], '')
  return `${file}:${line}`
}

/** A listening address taken apart. */
interface Address {
  listener: { address: string; port: number }
  host: string
  basePath: string
}

const plainPath = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]+(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*)?$/

/** Takes `http://0.0.0.0:8081/base` apart; a text says why it cannot. */
function addressOf(text: string): Address | string {
  const url = URL.parse(text)
  if (url === null) return 'must be a URL such as http://0.0.0.0:8081/orders'
  if (url.protocol === 'https:') return 'https addresses are not supported here yet'
  if (url.protocol !== 'http:') return `${url.protocol}// addresses are not supported`
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return 'must be scheme, host, port and path alone'
  const basePath = url.pathname === '/' ? '/' : url.pathname.replace(/\/$/, '')
  if (!plainPath.test(basePath)) return `the path ${basePath} has characters that a base path must not have`
  const port = url.port === '' ? 80 : Number(url.port)
  const isIp = /^[\d.]+$/.test(url.hostname) || url.hostname.startsWith('[')
  if (url.hostname === 'localhost') return { listener: { address: '127.0.0.1', port }, host: '*', basePath }
  if (isIp) return { listener: { address: url.hostname.replace(/^\[|\]$/g, ''), port }, host: '*', basePath }
  return { listener: { address: '0.0.0.0', port }, host: url.hostname, basePath }
}

/** Flex calls its own implementations `rate-limiting-flex` and the like. */
function policyKindOf(name: string): string {
  const short = name.replace(/-flex$/, '')
  return policyOf(name) === undefined && policyOf(short) !== undefined ? short : name
}

class Compilation {
  readonly #placed: readonly Placed[]
  readonly #ports: FlexPorts
  readonly #faults: FlexFault[]
  readonly #byKey = new Map<string, Placed>()

  constructor(placed: readonly Placed[], ports: FlexPorts, faults: FlexFault[]) {
    this.#placed = placed
    this.#ports = ports
    this.#faults = faults
    for (const one of placed) this.#register(one)
  }

  items(): Item[] {
    const instances = this.#placed.filter(isOf('ApiInstance'))
    const bindings = this.#bindingsByTarget()
    this.#checkServices()
    const addresses = instances.map((instance) => this.#address(instance))
    const items = instances.flatMap((instance, index) => {
      const address = addresses[index]
      return address === undefined ? [] : this.#itemsOf(instance, address, bindings)
    })
    return [...this.#listeners(instances, addresses), ...items]
  }

  #register(one: Placed): void {
    const { kind, metadata } = one.resource
    const key = keyOf(kind, metadata.namespace, metadata.name)
    const other = this.#byKey.get(key)
    if (other === undefined) this.#byKey.set(key, one)
    else this.#report(one, ['metadata', 'name'], `${key} is already defined at ${placeOf(other)}`)
  }

  #report({ document }: { document: YamlDocument }, path: Path, detail: string): void {
    this.#faults.push(document.fault(path, detail))
  }

  #find<K extends Resource['kind']>(kind: K, namespace: string, name: string) {
    const found = this.#byKey.get(keyOf(kind, namespace, name))
    return found !== undefined && isOf(kind)(found) ? found : undefined
  }

  #bindingsByTarget(): Map<string, Placed<PolicyBinding>[]> {
    const byTarget = new Map<string, Placed<PolicyBinding>[]>()
    for (const binding of this.#placed.filter(isOf('PolicyBinding'))) {
      const { spec, metadata } = binding.resource
      const namespace = spec.targetRef.namespace ?? metadata.namespace
      const key = keyOf('ApiInstance', namespace, spec.targetRef.name)
      if (!this.#byKey.has(key)) this.#report(binding, ['spec', 'targetRef', 'name'], `there is no ${key}`)
      byTarget.set(key, [...(byTarget.get(key) ?? []), binding])
    }
    return byTarget
  }

  #checkServices(): void {
    for (const one of this.#placed.filter(isOf('Service'))) {
      const refusal = upstreamRefusal(one.resource.spec.address, { loopback: this.#ports.allowLoopback })
      if (refusal !== null) this.#report(one, ['spec', 'address'], refusal)
    }
  }

  #address(instance: Placed<ApiInstance>): Address | undefined {
    const address = addressOf(instance.resource.spec.address)
    if (typeof address !== 'string') return address
    this.#report(instance, ['spec', 'address'], address)
    return undefined
  }

  /** One listener for all: items do not say yet which API belongs to which port. */
  #listeners(
    instances: readonly Placed<ApiInstance>[],
    addresses: readonly (Address | undefined)[],
  ): ListenerItem[] {
    const claims = new Map<string, Placed<ApiInstance>>()
    let first: { instance: Placed<ApiInstance>; listener: Address['listener'] } | undefined
    for (const [index, instance] of instances.entries()) {
      const address = addresses[index]
      if (address === undefined) continue
      const { listener, host, basePath } = address
      first ??= { instance, listener }
      if (listener.address !== first.listener.address || listener.port !== first.listener.port) {
        const { name } = first.instance.resource.metadata
        const where = `${first.listener.address} port ${first.listener.port}`
        const detail = `${name} (${placeOf(first.instance)}) already listens at ${where}; one address serves all for now`
        this.#report(instance, ['spec', 'address'], detail)
        continue
      }
      const claim = `${host}${basePath}`
      const other = claims.get(claim)
      if (other === undefined) claims.set(claim, instance)
      else {
        const names = `${instance.resource.metadata.name} and ${other.resource.metadata.name}`
        const detail = `${names} (${placeOf(other)}) claim the same port, host and path`
        this.#report(instance, ['spec', 'address'], detail)
      }
    }
    if (first === undefined) return []
    const { address, port } = first.listener
    return [{ kind: 'listener', id: `listener:${address}:${port}`, protocol: 'http', address, port }]
  }

  #itemsOf(
    instance: Placed<ApiInstance>,
    { host, basePath }: Address,
    bindings: ReadonlyMap<string, Placed<PolicyBinding>[]>,
  ): Item[] {
    const { name, namespace } = instance.resource.metadata
    const id = `${namespace}/${name}`
    const attachments = this.#attachments(instance, bindings.get(keyOf('ApiInstance', namespace, name)) ?? [])
    const upstream = this.#upstream(instance, attachments)
    const contracts = this.#contracts(id, attachments)
    if (upstream === undefined) return []
    const api: ApiItem = {
      kind: 'api',
      id: `api:${id}`,
      name,
      version: '',
      host,
      basePath,
      // Flex takes the base path off before it forwards.
      stripBasePath: true,
      upstream: upstream.id,
      policies: this.#policies(attachments),
      ...(contracts === undefined ? {} : { contracts: contracts.id }),
    }
    return [upstream, ...(contracts === undefined ? [] : [contracts]), api]
  }

  #attachments(instance: Placed<ApiInstance>, bindings: readonly Placed<PolicyBinding>[]): Attachment[] {
    const { namespace, name } = instance.resource.metadata
    const inline = (instance.resource.spec.policies ?? []).map((policy, index) => ({
      document: instance.document,
      path: ['spec', 'policies', index],
      id: `${namespace}/${name}/${index}`,
      kind: policyKindOf(policy.policyRef.name),
      order: policy.order ?? index + 1,
      config: policy.config,
      namespace,
    }))
    const bound = bindings.map(({ resource: { metadata, spec }, document }) => ({
      document,
      path: ['spec'],
      id: `${metadata.namespace}/${metadata.name}`,
      kind: policyKindOf(spec.policyRef.name),
      order: spec.order ?? 0,
      config: spec.config,
      namespace: metadata.namespace,
    }))
    return [...inline, ...bound]
  }

  #upstream(instance: Placed<ApiInstance>, attachments: readonly Attachment[]): UpstreamItem | undefined {
    const { metadata, spec } = instance.resource
    const id = `upstream:${metadata.namespace}/${metadata.name}`
    const services = Object.entries(spec.services ?? {})
    const routes = attachments.filter((attachment) => attachment.kind === 'route')
    const [service, second] = services
    if (second !== undefined) {
      const detail = 'several services are not supported here yet; make each an API instance of its own'
      this.#faults.push(instance.document.keyFault(['spec', 'services', second[0]], detail))
    }
    if (routes.length + services.length === 0)
      this.#report(instance, ['spec'], 'names no upstream: add one under services, or bind a route policy')
    for (const route of routes.slice(services.length === 0 ? 1 : 0))
      this.#report(route, [...route.path, 'policyRef'], 'this API already has an upstream')
    if (service !== undefined) {
      const [name, { address, routes: paths }] = service
      const refusal = upstreamRefusal(address, { loopback: this.#ports.allowLoopback })
      if (refusal !== null) this.#report(instance, ['spec', 'services', name, 'address'], refusal)
      return refusal === null ? upstreamOf(id, address, paths?.[0]?.config?.destinationPath) : undefined
    }
    return routes[0] === undefined ? undefined : this.#routed(id, routes[0])
  }

  #routed(id: string, route: Attachment): UpstreamItem | undefined {
    const parsed = routeConfig.safeParse(route.config)
    if (!parsed.success) {
      this.#faults.push(...faultsOf(parsed.error, route.document, [...route.path, 'config']))
      return undefined
    }
    const { destinationRef, destinationPath } = parsed.data
    const namespace = destinationRef.namespace ?? route.namespace
    const found = this.#find('Service', namespace, destinationRef.name)
    if (found === undefined) {
      const path = [...route.path, 'config', 'destinationRef', 'name']
      this.#report(route, path, `there is no ${keyOf('Service', namespace, destinationRef.name)}`)
      return undefined
    }
    return upstreamOf(id, found.resource.spec.address, destinationPath)
  }

  #contracts(id: string, attachments: readonly Attachment[]): ContractsItem | undefined {
    const [first, ...others] = attachments.filter((attachment) => attachment.kind === 'api-key-auth')
    for (const other of others)
      this.#report(other, [...other.path, 'policyRef'], 'this API already has an api-key-auth policy')
    if (first === undefined) return undefined
    const path = [...first.path, 'config', 'apiKeys']
    const parsed = apiKeysRef.safeParse(first.config['apiKeys'])
    if (!parsed.success) {
      if (first.config['apiKeys'] === undefined)
        this.#report(
          first,
          path,
          'nobody could call: name a Secret with the keys (apiKeys: { secretName: … })',
        )
      else this.#faults.push(...faultsOf(parsed.error, first.document, path))
      return undefined
    }
    const secret = this.#find('Secret', first.namespace, parsed.data.secretName)
    if (secret === undefined) {
      const key = keyOf('Secret', first.namespace, parsed.data.secretName)
      this.#report(first, [...path, 'secretName'], `there is no ${key}`)
      return undefined
    }
    return { kind: 'contracts', id: `contracts:${id}`, clients: this.#clients(secret) }
  }

  #clients(secret: Placed<Secret>): ContractsItem['clients'] {
    const hashes = new Map<string, string>()
    const clients: ContractsItem['clients'] = []
    const entries = [
      ...Object.entries(secret.resource.data ?? {}).map(
        ([name, text]) => ['data', name, fromBase64(text)] as const,
      ),
      ...Object.entries(secret.resource.stringData ?? {}).map(
        ([name, text]) => ['stringData', name, text] as const,
      ),
    ]
    for (const [field, name, text] of entries) {
      const fault = this.#keyFault(text, hashes)
      if (fault !== undefined) this.#report(secret, [field, name], fault)
      if (text === undefined || fault !== undefined) continue
      const hash = this.#hashOf(text)
      hashes.set(hash, name)
      if (clients.some((client) => client.id === name))
        this.#report(secret, [field, name], `${name} stands in data and in stringData`)
      clients.push({ id: name, name, keyHashes: [hash] })
    }
    if (entries.length === 0) this.#report(secret, [], 'holds no keys')
    return clients
  }

  #keyFault(text: string | undefined, hashes: ReadonlyMap<string, string>): string | undefined {
    if (text === undefined) return 'is not base64; use stringData for plain text'
    if (!/^[\x21-\x7e]{8,1024}$/.test(text)) return 'must be 8 to 1024 visible ASCII characters'
    const owner = hashes.get(this.#hashOf(text))
    return owner === undefined ? undefined : `is the key of ${owner} too`
  }

  #hashOf(text: string): string {
    return /^sha256:[0-9a-f]{64}$/.test(text) ? text.slice(7) : this.#ports.sha256(text)
  }

  #policies(attachments: readonly Attachment[]): AttachedPolicy[] {
    const policies = attachments
      .filter((attachment) => attachment.kind !== 'route')
      .map((attachment) => ({ attachment, attached: attachedOf(attachment) }))
    const chain = resolveChain(policies.map(({ attached }) => attached))
    if (chain.ok) return policies.map(({ attached }) => attached)
    for (const fault of chain.faults) {
      const [index = '', ...inside] = segmentsOf(fault.pointer)
      const attachment = policies[Number(index)]?.attachment
      if (attachment === undefined) continue
      const path = inside[0] === 'kind' ? ['policyRef', 'name'] : inside
      this.#report(attachment, [...attachment.path, ...path], fault.detail)
    }
    return []
  }
}

function attachedOf({ id, kind, order, config }: Attachment): AttachedPolicy {
  const { apiKeys: _, ...rest } = config
  return {
    id,
    kind,
    policyVersion: policyOf(kind)?.policyVersion ?? '',
    label: '',
    order,
    config: kind === 'api-key-auth' ? rest : { ...config },
  }
}

function upstreamOf(id: string, address: string, destinationPath = ''): UpstreamItem {
  const url = (address.replace(/\/+$/, '') + destinationPath).replace(/\/+$/, '')
  return upstreamItem.parse({ kind: 'upstream', id, endpoints: [{ url }] })
}

function fromBase64(text: string): string | undefined {
  try {
    return atob(text.trim())
  } catch {
    return undefined
  }
}
