import type { z } from 'zod'
import { type UpstreamItem, upstreamItem } from '#contract/items.ts'
import { upstreamRefusal } from '#domain/address.ts'
import { policyOf } from '#policies/index.ts'
import type { Attachment, Bindings } from './attachments.ts'
import type { NodeSettings } from './configuration.ts'
import { faultsOf, type Path } from './document.ts'
import { areAlike, endpointsOf } from './endpoints.ts'
import { keyOf, type Placed, type Register } from './register.ts'
import { type ApiInstance, type Reach, routeConfig, weightedConfig } from './resources.ts'
import type { Reference } from './secrets.ts'
import type { TlsConfig, TlsReader } from './tls.ts'

/** Where the requests of an instance go. */
export interface Routing {
  readonly upstream: UpstreamItem
  /** All upstreams by the names that routes use; none where there is only the one. */
  readonly destinations: ReadonlyMap<string, UpstreamItem>
  /** The policies that choose among them, and those that say how they are reached. */
  readonly attachments: readonly Attachment[]
  /** The ids of the upstreams by the names that policies use; of the only one too. */
  readonly ids: ReadonlyMap<string, string>
}

/** An upstream as it was written, in the instance or as a Service. */
interface Candidate {
  readonly name: string
  readonly upstream: UpstreamItem
  readonly at: Reference
  readonly tls: TlsConfig | undefined
}

interface Told {
  readonly register: Register
  readonly tls: TlsReader
  readonly settings: NodeSettings
  readonly bindings: Bindings
  readonly allowLoopback: boolean
}

/** Says where the requests of instances go. Undefined where that cannot be said, which is then a fault. */
export class Router {
  readonly #told: Told
  readonly #register: Register

  constructor(told: Told) {
    this.#told = told
    this.#register = told.register
  }

  /** Services are looked at even where no instance uses them. */
  checkServices(): void {
    for (const one of this.#register.of('Service')) this.#areReachable(one.resource.spec, one, ['spec'])
  }

  routing(instance: Placed<ApiInstance>, attachments: readonly Attachment[]): Routing | undefined {
    const { services = {} } = instance.resource.spec
    const routes = attachments.filter(({ kind }) => isRoute(kind))
    const hasServices = Object.keys(services).length > 0
    if (!hasServices && routes.length === 0) {
      const detail = 'names no upstream: add one under services, or bind a route policy'
      this.#register.report(instance, ['spec'], detail)
      return undefined
    }
    if (routes.length === 0) return this.#byServices(instance)
    for (const [name, { routes: own }] of Object.entries(services))
      if (own !== undefined) {
        const detail = 'routes of services and route policies exclude each other'
        this.#register.report(instance, ['spec', 'services', name, 'routes'], detail)
      }
    return this.#byPolicies(instance, routes)
  }

  #byServices(instance: Placed<ApiInstance>): Routing | undefined {
    const { metadata, spec } = instance.resource
    const services = Object.entries(spec.services ?? {})
    const [only] = services
    const routes = only?.[1].routes ?? []
    const isPlain = services.length === 1 && routes.length <= 1 && routes[0]?.rules === undefined
    const candidates = services.map(([name, service]) =>
      this.#candidate(name, service, `${metadata.namespace}/${metadata.name}`, isPlain, {
        document: instance.document,
        path: ['spec', 'services', name],
        namespace: metadata.namespace,
      }),
    )
    const found = candidates.flatMap((one) => one ?? [])
    if (found.length < candidates.length) return undefined
    if (isPlain) return this.#plain(found, routes[0]?.config?.destinationPath)
    const made = services.flatMap(([name, service]) =>
      (service.routes ?? [{}]).map((route, index): Attachment => {
        const { rules, config }: NonNullable<typeof service.routes>[number] = route
        const path = ['spec', 'services', name, ...(service.routes === undefined ? [] : ['routes', index])]
        const destinationPath = config?.destinationPath
        return {
          document: instance.document,
          path,
          isMade: service.routes === undefined,
          id: `${metadata.namespace}/${metadata.name}/${name}/${index}`,
          kind: 'route',
          order: undefined,
          config: {
            destinationRef: { name },
            ...(destinationPath === undefined ? {} : { destinationPath }),
          },
          rules,
          dryRun: false,
          automated: false,
          label: '',
          namespace: metadata.namespace,
        }
      }),
    )
    return this.#joined(found, made)
  }

  /** The services of an instance whose route policies choose among them. */
  #ownCandidates(instance: Placed<ApiInstance>): Map<string, Candidate> {
    const { metadata, spec } = instance.resource
    const { namespace } = metadata
    const candidates = new Map<string, Candidate>()
    for (const [name, service] of Object.entries(spec.services ?? {})) {
      const at = { document: instance.document, path: ['spec', 'services', name], namespace }
      const candidate = this.#candidate(name, service, `${namespace}/${metadata.name}`, false, at)
      if (candidate !== undefined) candidates.set(name, candidate)
    }
    return candidates
  }

  #byPolicies(instance: Placed<ApiInstance>, routes: readonly Attachment[]): Routing | undefined {
    const { metadata } = instance.resource
    const faultsBefore = this.#register.faults.length
    const candidates = this.#ownCandidates(instance)
    for (const route of routes)
      for (const { ref, path } of this.#destinationsOf(route)) {
        if (Object.hasOwn(instance.resource.spec.services ?? {}, ref.name)) continue
        const namespace = ref.namespace ?? route.namespace
        const service = this.#register.find('Service', namespace, ref.name)
        const key = keyOf('Service', namespace, ref.name)
        const other = candidates.get(ref.name)
        if (service === undefined) this.#register.report(route, path, `there is no ${key}`)
        else if (other !== undefined && other.at.namespace !== namespace)
          this.#register.report(route, path, `another namespace has a Service ${ref.name} in this API too`)
        else if (other === undefined) {
          const owner = `${metadata.namespace}/${metadata.name}`
          const at = { document: service.document, path: ['spec'], namespace }
          const candidate = this.#candidate(ref.name, service.resource.spec, owner, false, at)
          if (candidate !== undefined) candidates.set(ref.name, candidate)
        }
      }
    if (this.#register.faults.length > faultsBefore) return undefined
    const found = [...candidates.values()]
    if (found.length === 0) {
      this.#register.report(instance, ['spec'], 'names no upstream: no route has a destinationRef')
      return undefined
    }
    const [route, second] = routes
    // A service of the instance itself is another one than a Service of that name.
    const shared = found.filter(({ name }) => !Object.hasOwn(instance.resource.spec.services ?? {}, name))
    const bound = shared.flatMap(({ name, at }) =>
      this.#told.bindings
        .ofService(keyOf('Service', at.namespace, name))
        .map((one): Attachment => ({ ...one, service: name })),
    )
    const isPlain = found.length === 1 && second === undefined && route !== undefined && isPlainRoute(route)
    const routing = isPlain
      ? this.#plain(found, routeConfig.safeParse(route.config).data?.destinationPath)
      : this.#joined(found, routes)
    return (
      routing && {
        ...routing,
        attachments: [...routing.attachments, ...bound.map((one) => this.aimed(one, routing))],
      }
    )
  }

  /**
   * An attachment with the upstream that it was written for. One for the only upstream is one for the whole API;
   * with several, what looks at requests cannot be for one of them, since requests meet it before it is chosen.
   */
  aimed(one: Attachment, { ids }: Routing): Attachment {
    if (one.service === undefined) return one
    const id = ids.get(one.service)
    const path = [...one.path, 'targetRef']
    if (id === undefined) {
      this.#register.report(one, [...path, 'name'], `no route of this API leads to ${one.service}`)
      return one
    }
    if (ids.size === 1) return one
    const policy = policyOf(one.kind)
    if (policy !== undefined && policy.upstream === undefined) {
      const detail = `${one.kind} is for all upstreams of an API, and this one has several; attach it to the ApiInstance`
      this.#register.report(one, path, detail)
      return one
    }
    return { ...one, upstreams: [id] }
  }

  #destinationsOf(
    route: Attachment,
  ): { ref: { name: string; namespace?: string | undefined }; path: (string | number)[] }[] {
    const base = [...route.path, 'config']
    if (route.kind === 'route') {
      const parsed = routeConfig.safeParse(route.config)
      if (!parsed.success) this.#fail(route, parsed.error)
      const ref = parsed.data?.destinationRef
      return ref === undefined ? [] : [{ ref, path: [...base, 'destinationRef', 'name'] }]
    }
    const parsed = weightedConfig.safeParse(route.config)
    if (!parsed.success) this.#fail(route, parsed.error)
    return (parsed.data?.routes ?? []).map(({ destinationRef: ref }, index) => ({
      ref,
      path: [...base, 'routes', index, 'destinationRef', 'name'],
    }))
  }

  #fail(route: Attachment, error: z.ZodError): void {
    this.#register.faults.push(...faultsOf(error, route.document, [...route.path, 'config']))
  }

  #candidate(
    name: string,
    reach: Reach,
    owner: string,
    isOnly: boolean,
    at: Reference,
  ): Candidate | undefined {
    const { tls, balancing, hashOn } = reach
    if (!this.#areReachable(reach, at, at.path)) return undefined
    const endpoints = endpointsOf(reach, at.path)
    const [first] = endpoints
    if (first === undefined || !areAlike(endpoints, at, this.#register)) return undefined
    if (tls !== undefined && !first.url.startsWith('https:')) {
      this.#register.report(at, [...at.path, 'tls'], 'needs an https address')
      return undefined
    }
    const tlsAt = { ...at, path: [...at.path, 'tls'] }
    const config = tls && this.#told.tls.outbound({ tls, at: tlsAt })
    if (tls !== undefined && config === undefined) return undefined
    const { responseMs, streamIdleMs } = this.#told.settings.timeouts
    const upstream = upstreamItem.parse({
      kind: 'upstream',
      id: `upstream:${owner}${isOnly ? '' : `/${name}`}`,
      endpoints: endpoints.map(({ url, weight }) => ({
        url: url.replace(/\/+$/, ''),
        ...(weight === undefined ? {} : { weight }),
      })),
      ...(first.protocol === 'http1' ? {} : { protocol: first.protocol }),
      ...(balancing === undefined ? {} : { balancing }),
      ...(hashOn === undefined ? {} : { hashOn }),
      ...(responseMs === undefined ? {} : { responseTimeoutMs: responseMs }),
      ...(streamIdleMs === undefined ? {} : { idleTimeoutMs: streamIdleMs }),
    })
    return { name, upstream, at: tlsAt, tls: config }
  }

  /** Whether every address of an upstream may be one; what may not is a fault, told once. */
  #areReachable(reach: Reach, at: Pick<Reference, 'document'>, base: Path): boolean {
    const refused = endpointsOf(reach, base).flatMap(({ url, path }) => {
      const refusal = this.#refusal(url)
      return refusal === null ? [] : [{ refusal, path }]
    })
    for (const { refusal, path } of refused) this.#register.report(at, path, refusal)
    return refused.length === 0
  }

  #refusal(url: string): string | null {
    const refusal = upstreamRefusal(url, { loopback: this.#told.allowLoopback })
    if (refusal !== null) return refusal
    const { search = '', hash = '' } = URL.parse(url) ?? {}
    if (search !== '' || hash !== '') return 'must be scheme, host, port and path alone'
    return upstreamItem.shape.endpoints.element.shape.url.safeParse(url).success
      ? null
      : `${url} is not an address that can be reached`
  }

  /** One upstream for everything: a path before all others is simply a part of its address. */
  #plain([only]: readonly Candidate[], destinationPath = ''): Routing | undefined {
    if (only === undefined) return undefined
    const { upstream } = only
    const id = upstream.id.split('/').slice(0, 2).join('/')
    const endpoints = upstream.endpoints.map((endpoint) => ({
      ...endpoint,
      url: (endpoint.url + destinationPath).replace(/\/+$/, ''),
    }))
    return {
      upstream: { ...upstream, id, endpoints },
      destinations: new Map(),
      attachments: this.#outbound([only]),
      ids: new Map([[only.name, id]]),
    }
  }

  #joined(found: readonly Candidate[], routes: readonly Attachment[]): Routing | undefined {
    const [first] = found
    if (first === undefined) return undefined
    return {
      upstream: first.upstream,
      destinations: new Map(found.map(({ name, upstream }) => [name, upstream])),
      attachments: [...this.#outbound(found), ...routes, ...refusal(routes)],
      ids: new Map(found.map(({ name, upstream }) => [name, upstream.id])),
    }
  }

  /** How upstreams are reached: said once where it is the same for all of them, and else for each. */
  #outbound(found: readonly Candidate[]): Attachment[] {
    const [first, ...others] = found
    const isSame = others.every(({ tls }) => JSON.stringify(tls) === JSON.stringify(first?.tls))
    return found.slice(0, isSame ? 1 : found.length).flatMap(({ upstream, at, tls }): Attachment[] =>
      tls === undefined
        ? []
        : [
            {
              document: at.document,
              path: at.path,
              isMade: true,
              id: `${upstream.id.replace(/^upstream:/, '')}/tls-outbound`,
              kind: 'tls-outbound',
              order: undefined,
              config: tls,
              rules: undefined,
              dryRun: false,
              automated: false,
              label: '',
              namespace: at.namespace,
              ...(isSame ? {} : { upstreams: [upstream.id] }),
            },
          ],
    )
  }
}

/** A route that does nothing but name the upstream, as Flex has it for instances without services. */
function isPlainRoute({ kind, rules, config, dryRun, automated }: Attachment): boolean {
  const members = Object.keys(config)
  return (
    kind === 'route' &&
    rules === undefined &&
    !dryRun &&
    !automated &&
    members.every((member) => member === 'destinationRef' || member === 'destinationPath')
  )
}

/** Whether a route takes every request that comes to it. */
function takesAll({ rules = [] }: Attachment): boolean {
  return rules.length === 0
}

/** What is no route's is nobody's: without a route for everything the rest is refused. */
function refusal(routes: readonly Attachment[]): Attachment[] {
  const [last] = routes.toReversed()
  if (last === undefined || routes.some(takesAll)) return []
  const { id } = last
  return [{ ...last, isMade: true, id: `${id}/rest`, kind: 'route', config: {}, rules: undefined }]
}

export function isRoute(kind: string): boolean {
  return kind === 'route' || kind === 'route-weighted'
}
