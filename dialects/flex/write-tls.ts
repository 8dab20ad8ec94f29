import type { AttachedPolicy } from '#contract/items.ts'

/** A resource, and what its reader should know before anything else. */
export interface Written {
  readonly resource: Record<string, unknown>
  readonly comment?: string
}

interface TlsResource {
  /** The policy that it was made of. */
  readonly policy: AttachedPolicy
  readonly tls: Record<string, unknown>
  readonly secrets: readonly Written[]
}

interface Metadata {
  readonly name: string
  readonly namespace: string
}

const keyIsMissing =
  'The private key is not in here. Put it in as tls.key, or have cert-manager write this Secret.'
const keyComment =
  'HOLDS A PRIVATE KEY. Whoever reads it can pass for its owner: keep it out of version control, or seal it.'

/** Members of both policies, and what the short form of an ApiInstance calls them. */
const parameterNames: Readonly<Record<string, string>> = {
  minversion: 'minVersion',
  maxversion: 'maxVersion',
  ciphers: 'cipherSuites',
  alpn: 'alpn',
}

function parametersOf(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameterNames).flatMap(([from, to]) => (from in config ? [[to, config[from]]] : [])),
  )
}

function isKeyPair(value: unknown): value is { crt: string; key: string } {
  if (typeof value !== 'object' || value === null) return false
  return typeof Reflect.get(value, 'crt') === 'string' && typeof Reflect.get(value, 'key') === 'string'
}

/** Whether a policy says nothing that the member in its place could not. */
function isSayable(policy: AttachedPolicy, members: readonly string[]): boolean {
  const { config, rules, dryRun, automated, label } = policy
  if (rules !== undefined || dryRun === true || automated === true || label !== '') return false
  const known = new Set([...members, ...Object.keys(parameterNames)])
  return Object.keys(config).every((member) => known.has(member))
}

/** Collects the Secrets that PEM texts go to. */
function secretsOf({ name, namespace }: Metadata) {
  const secrets: Written[] = []
  const add = (suffix: string, rest: Record<string, unknown>, comment?: string) => {
    const metadata = { name: `${name}-${suffix}`, namespace }
    const resource = { apiVersion: 'v1', kind: 'Secret', metadata, ...rest }
    secrets.push(comment === undefined ? { resource } : { resource, comment })
    return { secretName: metadata.name }
  }
  return {
    secrets,
    keyPair: (suffix: string, value: unknown) =>
      isKeyPair(value)
        ? add(
            suffix,
            {
              type: 'kubernetes.io/tls',
              stringData: { 'tls.crt': value.crt, ...(value.key === '' ? {} : { 'tls.key': value.key }) },
            },
            value.key === '' ? keyIsMissing : keyComment,
          )
        : undefined,
    opaque: (suffix: string, entry: string, value: unknown) =>
      typeof value === 'string' && value !== ''
        ? add(suffix, { type: 'Opaque', stringData: { [entry]: value } })
        : undefined,
  }
}

function defined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

/** `spec.tls` of an instance in the place of its `tls` policy; undefined where that must stay a policy. */
export function inboundTlsResource(
  policies: readonly AttachedPolicy[],
  metadata: Metadata,
): TlsResource | undefined {
  const members = ['mode', 'certificate', 'trustedCA', 'crl', 'subjectAltNames']
  const [policy, second] = policies.filter(({ kind }) => kind === 'tls')
  if (policy === undefined || second !== undefined || !isSayable(policy, members)) return undefined
  if (!isKeyPair(policy.config['certificate'])) return undefined
  const { mode, certificate, trustedCA, crl, subjectAltNames } = policy.config
  const made = secretsOf(metadata)
  const clientValidation = defined({
    mode,
    trustedCA: made.opaque('client-ca', 'ca.crt', trustedCA),
    crl: made.opaque('client-crl', 'ca.crl', crl),
    subjectAltNames,
  })
  const asksNobody = mode === 'DISABLE' && Object.keys(clientValidation).length === 1
  const tls = {
    certificate: made.keyPair('server', certificate),
    ...(asksNobody ? {} : { clientValidation }),
    ...parametersOf(policy.config),
  }
  return { policy, tls, secrets: made.secrets }
}

const outboundMembers = ['certificate', 'trustedCA', 'crl', 'skipValidation', 'serverName', 'subjectAltNames']

/** `tls` of services in the place of `tls-outbound` policies, but for those that must stay policies. */
export function outboundTlsResources(
  policies: readonly AttachedPolicy[],
  { name, namespace }: Metadata,
): TlsResource[] {
  const [only, ...others] = policies.filter(
    (policy) => policy.kind === 'tls-outbound' && isSayable(policy, outboundMembers),
  )
  if (only === undefined) return []
  // Services may have names that no Secret can have.
  const numbered = others.map((policy, index) => ({ policy, name: `${name}-${index + 2}` }))
  return [{ policy: only, name }, ...numbered].map((one) =>
    outboundTlsResource(one.policy, { name: one.name, namespace }),
  )
}

function outboundTlsResource(policy: AttachedPolicy, metadata: Metadata): TlsResource {
  const { certificate, trustedCA, crl, skipValidation, serverName, subjectAltNames } = policy.config
  const made = secretsOf(metadata)
  const tls = defined({
    certificate: made.keyPair('upstream-client', certificate),
    trustedCA: made.opaque('upstream-ca', 'ca.crt', trustedCA),
    crl: made.opaque('upstream-crl', 'ca.crl', crl),
    skipValidation,
    serverName,
    subjectAltNames,
    ...parametersOf(policy.config),
  })
  return { policy, tls, secrets: made.secrets }
}

/** A TLS policy that names Secrets in the place of what it holds, for those who want policies rather than members. */
export function namedTlsPolicy(
  policy: AttachedPolicy,
  metadata: Metadata,
): { policy: AttachedPolicy; secrets: readonly Written[] } {
  const made = secretsOf(metadata)
  const [shown, trusted] = policy.kind === 'tls' ? ['server', 'client'] : ['upstream-client', 'upstream']
  const { certificate, trustedCA, crl, ...rest } = policy.config
  const config = {
    ...defined({
      certificate: made.keyPair(shown, certificate),
      trustedCA: made.opaque(`${trusted}-ca`, 'ca.crt', trustedCA),
      crl: made.opaque(`${trusted}-crl`, 'ca.crl', crl),
    }),
    ...rest,
  }
  return { policy: { ...policy, config }, secrets: made.secrets }
}
