import { z } from 'zod'
import { contractsItem } from '#contract/items.ts'
import { certificate, clusterIssuer, issuer } from '../cert-manager/resources.ts'
import { networkPolicy } from '../network-policy/resources.ts'
import { policyRules } from '#domain/policy-rule.ts'
import { balancing, checkHashOn, hashOn } from '#domain/routing.ts'

/** The resources that a folder may hold, in both forms of Flex. What is not listed here is refused. */

function unsupported(reason: string) {
  return z.never({ error: () => reason }).optional()
}

const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/, 'must be lower-case letters, digits, hyphens and dots')

const metadata = z.strictObject({
  name,
  namespace: name.default('default'),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
})

const gatewayVersion = z.literal('gateway.mulesoft.com/v1alpha1', {
  error: () => 'must be gateway.mulesoft.com/v1alpha1',
})

/** Flex writes `GET|POST`; a list means the same. */
const methods = z.union([z.string(), z.array(z.string().regex(/^[A-Z]+$/)).min(1)], {
  error: () => 'must be an expression such as GET|POST, or a list of methods',
})

/** Rules as they are written; `methods` as a list becomes an expression, header names lose their capitals. */
const rules = z
  .array(
    z.strictObject({
      path: z.string().optional(),
      methods: methods.transform((given) => (typeof given === 'string' ? given : given.join('|'))).optional(),
      host: z.string().optional(),
      headers: z
        .record(z.string(), z.string())
        .transform((headers) =>
          Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value])),
        )
        .optional(),
    }),
  )
  .pipe(policyRules)

const policyRef = z.strictObject({
  name: z.string().min(1).max(200),
  namespace: name.optional(),
  kind: z.literal('Extension', { error: () => 'must be Extension, or be left out' }).optional(),
})

/** What a policy says wherever it is attached. */
const attachment = {
  policyRef,
  order: z.int().optional(),
  config: z.record(z.string(), z.unknown()).default({}),
  rules: rules.optional(),
  enabled: z.boolean().default(true),
  dryRun: z.boolean().default(false),
  label: z.string().max(200).optional(),
}

/** `1.2` without quotes is a number in YAML. */
const tlsVersion = z
  .union([z.string(), z.number()])
  .transform((version) => String(version).replace(/^TLSv?/i, ''))
  .pipe(z.enum(['1.2', '1.3'], { error: () => 'must be "1.2" or "1.3"' }))

const secretRef = z.strictObject({ secretName: name })

const tlsParameters = {
  minVersion: tlsVersion.optional(),
  maxVersion: tlsVersion.optional(),
  /** IANA names. */
  cipherSuites: z.array(z.string().min(1)).optional(),
  alpn: z.array(z.string().min(1)).optional(),
}

/** TLS towards clients. Without `clientValidation` no client certificate is asked for. */
const instanceTls = z.strictObject({
  certificate: secretRef,
  clientValidation: z
    .strictObject({
      mode: z
        .enum(['STRICT', 'PERMISSIVE', 'DISABLE'], { error: () => 'must be STRICT, PERMISSIVE or DISABLE' })
        .default('STRICT'),
      trustedCA: secretRef.optional(),
      crl: secretRef.optional(),
      subjectAltNames: z.array(z.string().min(1)).optional(),
    })
    .optional(),
  ...tlsParameters,
})

/** TLS towards an upstream. */
const serviceTls = z.strictObject({
  certificate: secretRef.optional(),
  trustedCA: secretRef.optional(),
  crl: secretRef.optional(),
  skipValidation: z.boolean().optional(),
  serverName: z.string().min(1).optional(),
  subjectAltNames: z.array(z.string().min(1)).optional(),
  ...tlsParameters,
})

const destinationPath = z
  .string()
  .regex(/^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/, 'must be a plain path that begins with a slash')

const serviceRoute = z.strictObject({
  rules: rules.optional(),
  config: z.strictObject({ destinationPath: destinationPath.optional() }).nullish(),
  weight: unsupported('weights are said by a route-weighted policy whose routes name Services'),
})

/** Where an upstream is; several addresses and how they are chosen are words of our own. */
const reach = {
  address: z.string().optional(),
  endpoints: z
    .array(z.strictObject({ address: z.string(), weight: z.int().min(0).max(1_000_000).optional() }))
    .min(1)
    .max(64)
    .optional(),
  balancing: balancing.optional(),
  hashOn: hashOn.optional(),
  tls: serviceTls.optional(),
}

function checkReach(payload: z.core.ParsePayload<Reach>): void {
  const { address, endpoints } = payload.value
  checkHashOn(payload)
  if ((address === undefined) !== (endpoints === undefined)) return
  const message = address === undefined ? 'must say where it is' : 'excludes endpoints: say one of the two'
  payload.issues.push({ code: 'custom', path: ['address'], message, input: address })
}

const upstreamService = z
  .strictObject({ ...reach, routes: z.array(serviceRoute).max(50).optional() })
  .check(checkReach)

/** The one upstream that a policy of an instance is for: a service of its own, or a Service that it routes to. */
const serviceTarget = z.strictObject({
  kind: z.literal('Service', { error: () => 'must be Service' }).default('Service'),
  name: z.string().min(1).max(200),
})

export const apiInstance = z.strictObject({
  apiVersion: gatewayVersion,
  kind: z.literal('ApiInstance'),
  metadata,
  spec: z.strictObject({
    address: z.string(),
    services: z.record(z.string().min(1).max(100), upstreamService).optional(),
    policies: z
      .array(z.strictObject({ ...attachment, targetRef: serviceTarget.optional() }))
      .max(100)
      .optional(),
    tls: instanceTls.optional(),
  }),
})

export const service = z.strictObject({
  apiVersion: gatewayVersion,
  kind: z.literal('Service'),
  metadata,
  spec: z.strictObject(reach).check(checkReach),
})

/** One instance or Service by name, or every instance with some labels; without labels all of them. */
const targetRef = z
  .strictObject({
    /** Without it whichever of an ApiInstance and a Service has the name. */
    kind: z
      .enum(['ApiInstance', 'Service', 'Selector'], {
        error: () => 'must be ApiInstance, Service or Selector',
      })
      .optional(),
    name: name.optional(),
    namespace: name.optional(),
    selector: z
      .strictObject({
        kind: z
          .literal('ApiInstance', { error: () => 'only ApiInstances can be selected' })
          .default('ApiInstance'),
        labels: z.record(z.string(), z.string()).optional(),
      })
      .optional(),
  })
  .check(({ value, issues }) => {
    const isSelector = value.kind === 'Selector'
    if (isSelector === (value.name === undefined)) {
      if (isSelector || value.selector === undefined) return
      issues.push({
        code: 'custom',
        path: ['selector'],
        message: 'needs the kind Selector',
        input: value.selector,
      })
      return
    }
    const message = isSelector
      ? 'a Selector takes labels, not a name'
      : `must say which ${value.kind ?? 'ApiInstance'}`
    issues.push({ code: 'custom', path: ['name'], message, input: value.name })
  })

const policyBinding = z.strictObject({
  apiVersion: gatewayVersion,
  kind: z.literal('PolicyBinding'),
  metadata,
  spec: z.strictObject({ targetRef, ...attachment }),
})

const seconds = z.number().positive().max(3_600)

/** All log lines go to standard output, which is the one output that may be named. */
const outputs = z
  .array(
    z.strictObject({
      name: z.string().min(1),
      type: z.literal('stdout', {
        error: () => 'must be stdout: log lines go to standard output, to be taken on from there',
      }),
      parameters: z
        .strictObject({ format: z.literal('json_lines', { error: () => 'must be json_lines' }).optional() })
        .optional(),
    }),
  )
  .optional()
const outputNames = z.array(z.string()).optional()

/** Flex writes it as a text, too. */
const databaseNumber = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^\d{1,4}$/)
      .transform(Number),
  ])
  .pipe(z.int().min(0).max(1_000))

interface Logging {
  readonly outputs?: readonly { readonly name: string }[] | undefined
  readonly runtimeLogs?: { readonly outputs?: readonly string[] | undefined } | undefined
  readonly accessLogs?: { readonly outputs?: readonly string[] | undefined } | undefined
}

function checkOutputNames({ value, issues }: z.core.ParsePayload<Logging>): void {
  const names = new Set(value.outputs?.map(({ name }) => name))
  for (const member of ['runtimeLogs', 'accessLogs'] as const)
    for (const [index, name] of (value[member]?.outputs ?? []).entries())
      if (!names.has(name))
        issues.push({
          code: 'custom',
          path: [member, 'outputs', index],
          message: `there is no output ${name}`,
          input: name,
        })
}

/** What is set for the node as a whole. */
const configuration = z.strictObject({
  apiVersion: gatewayVersion,
  kind: z.literal('Configuration'),
  metadata,
  spec: z.strictObject({
    timeouts: z
      .strictObject({
        upstreamConnectionIdleSeconds: seconds.optional(),
        upstreamResponseSeconds: seconds.optional(),
        streamIdleSeconds: seconds.optional(),
      })
      .optional(),
    logging: z
      .strictObject({
        runtimeLogs: z
          .strictObject({
            logLevel: z
              .enum(['debug', 'info', 'warn', 'error', 'fatal'], {
                error: () => 'must be debug, info, warn, error or fatal',
              })
              .optional(),
            outputs: outputNames,
          })
          .optional(),
        accessLogs: z.strictObject({ enabled: z.boolean().optional(), outputs: outputNames }).optional(),
        outputs,
      })
      .check(checkOutputNames)
      .optional(),
    sharedStorage: z
      .strictObject({
        redis: z.strictObject({
          address: z.string().regex(/^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/, 'must be host:port'),
          username: z.string().optional(),
          /** Another word of Flex for the same. */
          user: z.string().optional(),
          password: z.string().optional(),
          DB: databaseNumber.optional(),
          db: databaseNumber.optional(),
          sentinel: unsupported('Redis Sentinel is not supported; name a Redis itself'),
          tls: z
            .strictObject({
              skipValidation: z
                .literal(false, { error: () => 'a shared store must be one whose certificate is verified' })
                .optional(),
              trustedCA: unsupported('a CA of its own for Redis is said by NODE_EXTRA_CA_CERTS'),
              certificate: unsupported('a client certificate for Redis is not supported'),
            })
            .optional(),
        }),
      })
      .optional(),
    proxyProtocol: z.strictObject({ enabled: z.boolean() }).optional(),
    forwardProxy: unsupported('a forward proxy is not supported: upstreams are reached directly'),
    tls: unsupported('TLS is set by spec.tls of an ApiInstance, or by tls policies'),
  }),
})

/** The type of a Secret that holds API keys: under each client's name its key, or `sha256:` and the key's hash. */
export const apiKeysType = 'hexgate.io/api-keys'

const secretTypes = ['Opaque', 'kubernetes.io/tls', apiKeysType] as const

export const secret = z.strictObject({
  apiVersion: z.literal('v1', { error: () => 'must be v1' }),
  kind: z.literal('Secret'),
  metadata,
  type: z
    .enum(secretTypes, { error: () => `must be ${secretTypes.join(', ')}, or be left out` })
    .default('Opaque'),
  immutable: z.boolean().optional(),
  data: z.record(z.string(), z.string()).optional(),
  stringData: z.record(z.string(), z.string()).optional(),
})

/** A Service, or a service of the instance itself, whose names are free. */
const destinationRef = z.strictObject({
  kind: z.literal('Service', { error: () => 'must be Service' }).default('Service'),
  name: z.string().min(1).max(200),
  namespace: name.optional(),
})

/** What a binding of the `route` policy may say: which Service is the upstream. */
export const routeConfig = z.looseObject({
  destinationRef: destinationRef.optional(),
  destinationPath: destinationPath.optional(),
})

/** What a `route-weighted` policy says about Services; the rest of it is the policy's own. */
export const weightedConfig = z.looseObject({
  routes: z.array(z.looseObject({ destinationRef })).min(1),
})

const tierOfClient = contractsItem.shape.clients.element.shape.tier.unwrap().shape

/** How a policy about clients names the Secret with their keys, and what each of them is allowed. */
export const apiKeysRef = z.strictObject({
  secretName: name,
  tiers: z.array(z.strictObject({ ...tierOfClient, clients: z.array(z.string().min(1)).min(1) })).optional(),
})

/** How the config of a `tls` or `tls-outbound` policy names a Secret in the place of PEM texts. */
export const secretInConfig = secretRef

/** How any text of a policy's config is taken out of a Secret, as Kubernetes writes it. */
export const valueFrom = z.strictObject({
  valueFrom: z.strictObject({
    secretKeyRef: z.strictObject({ name, key: z.string().min(1).max(253) }),
  }),
})

const resources = [
  apiInstance,
  service,
  policyBinding,
  configuration,
  secret,
  certificate,
  issuer,
  clusterIssuer,
  networkPolicy,
] as const

/** Kinds that Flex knows, and why they cannot be taken. */
const refusedKinds: Readonly<Record<string, string>> = {
  Extension: 'extensions bring code of their own, which this gateway does not load; use a policy that it has',
  PolicyDefinition:
    'a policy cannot be defined here: its code is a part of the gateway; use one of those that it has',
  Deployment: 'it belongs to Kubernetes; keep it in another folder',
  Ingress: 'an Ingress is not read; write an ApiInstance',
}

export const resource = z.discriminatedUnion('kind', resources, {
  error: ({ code, input }) => {
    if (code !== 'invalid_union') return undefined
    const kind: unknown = typeof input === 'object' && input !== null && 'kind' in input ? input.kind : ''
    const reason = typeof kind === 'string' ? refusedKinds[kind] : undefined
    if (reason !== undefined) return `${String(kind)} is not supported: ${reason}`
    const known = resources.map((one) => one.shape.kind.value)
    const named =
      typeof kind === 'string' && kind !== '' ? `there is no kind ${kind} here, only ` : 'must be '
    return `${named}${known.slice(0, -1).join(', ')}${named === 'must be ' ? ' or' : ' and'} ${known.at(-1)}`
  },
})

export type ApiInstance = z.infer<typeof apiInstance>
export type InstanceTls = z.infer<typeof instanceTls>
export type ServiceTls = z.infer<typeof serviceTls>
export type Reach = z.infer<z.ZodObject<typeof reach>>
export type UpstreamService = z.infer<typeof upstreamService>
export type Service = z.infer<typeof service>
export type PolicyBinding = z.infer<typeof policyBinding>
export type Configuration = z.infer<typeof configuration>
export type Secret = z.infer<typeof secret>
export type Resource = z.infer<typeof resource>
export type ApiKeysRef = z.infer<typeof apiKeysRef>
