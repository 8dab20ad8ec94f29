import { z } from 'zod'
import { instanceStates } from './deployment.ts'
import { apiNamePattern, basePathPattern, hostPattern, tidyBasePath } from './exposure.ts'
import { normalPath } from './path.ts'
import { routing } from './routing.ts'

/** The catalog as pages and machines see it. */

export const apiName = z
  .string()
  .regex(apiNamePattern, 'Use lower-case letters, digits and hyphens, 63 at most.')
  .meta({ description: 'Short and stable, for addresses.', examples: ['orders-api'] })

export const basePath = z
  .string()
  .max(500)
  .transform(tidyBasePath)
  .pipe(
    z
      .string()
      .regex(basePathPattern, 'Use a path such as /orders.')
      .refine((path) => normalPath(path) === path, 'The gateway would refuse such a path.'),
  )

export const host = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(hostPattern, 'Use a host name without a port, *.name for all below it, or * for any.')

export const upstreamUrl = z.string().trim().min(1, 'Say where the requests go.').max(2_000)

export const operationView = z.object({
  method: z.string(),
  path: z.string(),
  operationId: z.string().nullable(),
  summary: z.string(),
  tags: z.array(z.string()),
  deprecated: z.boolean(),
  /** Alternatives; each names the schemes that it asks for together. */
  security: z.array(z.array(z.string())),
})

/** An API at a gateway, with how its draft stands to what runs. */
export const exposure = z.object({
  id: z.string(),
  gatewayId: z.string(),
  gatewayName: z.string(),
  host: z.string(),
  basePath: z.string(),
  enabled: z.boolean(),
  state: z.enum(instanceStates),
  /** From the nodes' own reports of the last seconds; null while no node reports. */
  requestsPerSecond: z.number().nullable(),
})

export const apiSummary = z.object({
  id: z.string(),
  name: z.string(),
  title: z.string(),
  /** The label of the newest version. */
  versionLabel: z.string(),
  versions: z.int(),
  operations: z.int(),
  exposures: z.array(exposure),
  updatedAt: z.iso.datetime(),
})

export const apiPage = z.object({
  apis: z.array(apiSummary),
  total: z.int(),
  /** Give it back as `cursor` to read on; null at the end. */
  nextCursor: z.string().nullable(),
})

export const versionSummary = z.object({
  id: z.string(),
  label: z.string(),
  sourceFormat: z.enum(['openapi-3.0', 'openapi-3.1', 'swagger-2.0']),
  operations: z.int(),
  notes: z.array(z.string()),
  servers: z.array(z.string()),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
})

/** A policy of an instance, in the order in which it runs. */
const attachedPolicyView = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  summary: z.string(),
  enabled: z.boolean(),
})

/** Where the key goes that callers must present. */
export const keyPlace = z.object({
  in: z.enum(['header', 'query', 'cookie']),
  key: z.string(),
  prefix: z.string(),
})

export const instanceView = z.object({
  id: z.string(),
  apiId: z.string(),
  versionId: z.string(),
  versionLabel: z.string(),
  gatewayId: z.string(),
  gatewayName: z.string(),
  /** Where clients reach the API. */
  endpointUrl: z.string(),
  host: z.string(),
  basePath: z.string(),
  upstreamUrl: z.string(),
  stripBasePath: z.boolean(),
  routing,
  enabled: z.boolean(),
  version: z.int(),
  policies: z.array(attachedPolicyView),
  keyPlace: keyPlace.nullable(),
})

export const apiDetail = z.object({
  id: z.string(),
  name: z.string(),
  title: z.string(),
  description: z.string(),
  version: z.int(),
  versions: z.array(versionSummary),
  instances: z.array(instanceView),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})

export const versionDetail = versionSummary.extend({ operationList: z.array(operationView) })

export const traffic = z.object({
  /** Nodes that reported within the last seconds. */
  reportingNodes: z.int(),
  requestsPerSecond: z.number(),
  errorsPerSecond: z.number(),
  refusedPerSecond: z.number(),
  /** The slowest node's; of all its APIs together. */
  p95Ms: z.number().nullable(),
})

/** Null while no node of the gateway reports. */
export const instanceTraffic = z.object({ traffic: traffic.nullable() })

export const definitionText = z.object({ text: z.string() })

export const importSource = z
  .union([
    z.strictObject({ text: z.string().meta({ description: 'The document, in YAML or JSON.' }) }),
    z.strictObject({ url: z.string().max(2_000).meta({ description: 'Where the portal fetches it.' }) }),
  ])
  .meta({ description: 'The document itself, or where it is.' })

export const importWish = z.strictObject({
  source: importSource,
  name: apiName.optional().meta({ description: 'Made from the title when it is left out.' }),
  gatewayId: z
    .uuid()
    .nullable()
    .optional()
    .meta({ description: 'Null: only into the catalog. Left out: the only gateway there is.' }),
  host: host.default('*'),
  basePath: basePath.optional(),
  upstreamUrl: upstreamUrl.optional().meta({ description: 'The first server of the document by default.' }),
  deploy: z.boolean().default(false),
  /** From the preview: what was looked at is what is imported. */
  expectedSha256: z.string().optional(),
})

const gatewayChoice = z.object({ id: z.string(), name: z.string(), publicUrl: z.string() })

/** What an import would do, before it is done. */
export const importPreview = z.object({
  title: z.string(),
  name: z.string().nullable(),
  label: z.string(),
  sourceFormat: versionSummary.shape.sourceFormat,
  sha256: z.string(),
  servers: z.array(z.string()),
  notes: z.array(z.string()),
  operations: z.array(operationView),
  gateways: z.array(gatewayChoice),
  proposal: z.object({ gatewayId: z.string().nullable(), basePath: z.string(), upstreamUrl: z.string() }),
  /** What is wrong with the proposal itself: a base path that is taken, an upstream that cannot be served. */
  faults: z.array(z.object({ pointer: z.string(), detail: z.string() })),
  /** What the name means in this catalog. */
  effect: z.enum(['new-api', 'new-version', 'same-content', 'version-taken']),
})

export const importOutcome = z.object({
  outcome: z.enum(['created', 'version-added', 'unchanged']),
  apiId: z.string(),
  versionId: z.string(),
  instanceId: z.string().nullable(),
  /** The revision that serves it, when it was deployed. */
  revision: z.int().nullable(),
  /** Why it was imported and yet not deployed. */
  notDeployed: z.string().nullable(),
})

export const instanceChange = z.strictObject({
  host,
  basePath,
  upstreamUrl,
  stripBasePath: z.boolean(),
  enabled: z.boolean(),
  /** Stays as it is where it is left out. */
  routing: routing.optional(),
})

export const instanceWish = z.strictObject({
  versionId: z.uuid(),
  gatewayId: z.uuid(),
  host: host.default('*'),
  basePath,
  upstreamUrl,
  stripBasePath: z.boolean().default(true),
})

const credentialView = z.object({
  id: z.string(),
  /** The key's first characters, to tell it from others. */
  prefix: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  revokedAt: z.iso.datetime().nullable(),
})

const instanceConsumer = z.object({
  id: z.string(),
  name: z.string(),
  networkName: z.string(),
  /** Of the API's tiers; null for none. */
  tier: z.string().nullable(),
  credentials: z.array(credentialView),
})

export const consumerList = z.object({ consumers: z.array(instanceConsumer) })

export const issuedCredential = z.object({
  consumerId: z.string(),
  consumerName: z.string(),
  credential: credentialView,
  /** The key itself. It is shown this once and kept nowhere. */
  key: z.string(),
})

export type OperationView = z.output<typeof operationView>
export type Exposure = z.output<typeof exposure>
export type ApiSummary = z.output<typeof apiSummary>
export type ApiPage = z.output<typeof apiPage>
export type ApiDetail = z.output<typeof apiDetail>
export type VersionDetail = z.output<typeof versionDetail>
export type InstanceView = z.output<typeof instanceView>
export type KeyPlace = z.output<typeof keyPlace>
export type Traffic = z.output<typeof traffic>
export type ImportWish = z.output<typeof importWish>
export type ImportSource = z.output<typeof importSource>
export type ImportPreview = z.output<typeof importPreview>
export type ImportOutcome = z.output<typeof importOutcome>
export type InstanceChange = z.output<typeof instanceChange>
export type InstanceWish = z.output<typeof instanceWish>
export type InstanceConsumer = z.output<typeof instanceConsumer>
export type IssuedCredential = z.output<typeof issuedCredential>
