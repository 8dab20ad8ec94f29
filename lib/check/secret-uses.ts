import { addressOf } from '#dialects/flex/address.ts'
import type { Placed, Register } from '#dialects/flex/register.ts'
import type { Resource } from '#dialects/flex/resources.ts'

/** Who takes certificates from a Secret, and on which side of TLS it shows them. */
export interface SecretUse {
  readonly namespace: string
  readonly secretName: string
  /** `other` is a truststore, a password, whatever else a Secret may hold. */
  readonly side: 'server' | 'client' | 'issuer' | 'other'
  /** `ApiInstance shop/basket`. */
  readonly by: string
  /** The host that clients ask for; null where every host is answered. */
  readonly host: string | null
}

/** Every place in the documents that names a Secret. */
export function secretUses(register: Register): SecretUse[] {
  return [
    ...register.of('ApiInstance').flatMap(usesIn),
    ...register.of('Service').flatMap(usesIn),
    ...register.of('PolicyBinding').flatMap(usesIn),
    ...register.of('Issuer').flatMap(usesIn),
    ...register.of('ClusterIssuer').flatMap(usesIn),
  ]
}

type WithSpec = Extract<Resource, { spec: unknown }>

function usesIn({ resource }: Placed<WithSpec>): SecretUse[] {
  const { kind, metadata } = resource
  const { namespace } = metadata
  const by = `${kind} ${namespace}/${metadata.name}`
  const host = hostOf(resource)
  return namedIn(resource.spec, []).map(({ secretName, path }) => {
    const side = sideOf(resource, path)
    return { namespace, secretName, side, by, host: side === 'server' ? host : null }
  })
}

interface Named {
  readonly secretName: string
  readonly path: readonly string[]
}

function namedIn(value: unknown, path: readonly string[]): Named[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]): Named[] => {
    if (key === 'secretName' && typeof member === 'string') return [{ secretName: member, path }]
    const isReference = key === 'secretKeyRef' && typeof member === 'object' && member !== null
    const name: unknown = isReference ? Reflect.get(member, 'name') : undefined
    if (typeof name === 'string') return [{ secretName: name, path }]
    return namedIn(member, [...path, key])
  })
}

function sideOf({ kind, spec }: WithSpec, path: readonly string[]): SecretUse['side'] {
  if (kind === 'Issuer' || kind === 'ClusterIssuer') return 'issuer'
  if (path.at(-1) !== 'certificate') return 'other'
  if (kind === 'Service' || path.includes('services')) return 'client'
  const policy = policyAt(spec, path)
  if (policy === 'tls-outbound') return 'client'
  return policy === undefined || policy === 'tls' ? 'server' : 'other'
}

/** The policy that a path leads into: of a binding, or one that stands in an instance. */
function policyAt(spec: unknown, path: readonly string[]): string | undefined {
  let at: unknown = spec
  let name = nameIn(at)
  for (const key of path) {
    if (typeof at !== 'object' || at === null) break
    at = Reflect.get(at, key)
    name = nameIn(at) ?? name
  }
  return name
}

function nameIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const ref: unknown = Reflect.get(value, 'policyRef')
  const name: unknown = typeof ref === 'object' && ref !== null ? Reflect.get(ref, 'name') : undefined
  return typeof name === 'string' ? name : undefined
}

function hostOf(resource: WithSpec): string | null {
  if (resource.kind !== 'ApiInstance') return null
  const address = addressOf(resource.spec.address)
  return typeof address === 'string' || address.host === '*' ? null : address.host
}
