import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { importWish } from '#domain/catalog.ts'
import { chainStepInput } from '#domain/chain.ts'
import type { Actor } from '#lib/actor.ts'
import { issueCredential } from '#lib/catalog/consumers.ts'
import { readInstance } from '#lib/catalog/read.ts'
import { importApi } from '#lib/catalog/import-api.ts'
import { changeInstance } from '#lib/catalog/write-instance.ts'
import { db } from '#lib/db.ts'
import { createKey, requireGatewayKey } from '#lib/gateways/keys.ts'
import { readGateway } from '#lib/gateways/read.ts'
import { createGateway, replaceListeners } from '#lib/gateways/write.ts'
import { createSampleTopology } from '#lib/networks/sample.ts'
import { replaceChain } from '#lib/policies/write.ts'
import { publish } from '#lib/publish/write.ts'
import { createSampleTrust } from '#lib/trust/sample.ts'
import { keep, readKept } from './data-folder.ts'
import { checkout } from './folders.ts'
import { clientFiles, guardedHost } from './sample-mtls.ts'

/** What a first start makes: an organisation with a gateway and, unless it is declined, sample data. */

export interface SeedWish {
  dataFolder: string
  demo: boolean
  gatewayAddress: string
  gatewayPort: number
  /** Where the sample's API with mTLS is served. */
  httpsPort: number
  /** The ports of the demo upstreams, by name. */
  upstreams: Record<DemoName, number>
  /** The client that may ask for tokens without a person. */
  pipeline: { issuer: string; clientId: string } | null
}

export interface Seeded {
  gatewayId: string
  gatewayKey: string
  /** A consumer's API key of the sample, for the curl line. */
  demoKey: string | null
  /** Where the sample's mTLS is served; null without it. */
  httpsPort: number | null
}

export type DemoName = 'orders' | 'customers' | 'freight'

const httpsListener = 'https'

interface DemoApi<Folder extends string = string> {
  name: string
  folder: Folder
  host?: string
  basePath: string
  policies: readonly unknown[]
}

const perMinute = (maximumRequests: number) => [{ maximumRequests, timePeriodInMilliseconds: 60_000 }]

const demoApis: readonly DemoApi<DemoName>[] = [
  {
    name: 'orders',
    folder: 'orders',
    basePath: '/shop/v1',
    policies: [
      {
        kind: 'rate-limiting',
        label: 'Fair use',
        config: { rateLimits: perMinute(600), exposeHeaders: true },
      },
      {
        kind: 'header-injection',
        label: 'Say who forwards',
        config: { inboundHeaders: [{ key: 'x-served-by', value: 'hexgate' }], outboundHeaders: [] },
      },
    ],
  },
  {
    name: 'customer-records',
    folder: 'customers',
    basePath: '/crm/v2',
    policies: [
      { kind: 'api-key-auth', label: 'Known callers only', config: {} },
      {
        kind: 'rate-limiting',
        label: 'Per caller',
        config: {
          rateLimits: perMinute(120),
          keySelector: '#[authentication.clientId]',
          exposeHeaders: true,
        },
      },
    ],
  },
  {
    name: 'carrier-rates',
    folder: 'freight',
    basePath: '/freight/v1',
    policies: [{ kind: 'cors', label: 'Any web page', config: { publicResource: true } }],
  },
]

/** Makes what is missing. A start that was killed in the middle is completed by the next one. */
export async function seed(wish: SeedWish, say: (text: string) => void): Promise<Seeded> {
  const actor = await ensureOrganisation(wish.demo ? 'Acme' : 'My organisation')
  const gatewayId = await ensureGateway(actor, wish)
  if (wish.pipeline) await ensureServiceAccount(actor, wish.pipeline)
  if (wish.demo) await ensureSample(actor, gatewayId, wish, say)
  await ensureFirstRevision(actor, gatewayId)
  return {
    gatewayId,
    gatewayKey: await ensureGatewayKey(actor, gatewayId, wish.dataFolder),
    demoKey: wish.demo ? await readKept(wish.dataFolder, 'demo-api-key') : null,
    httpsPort: wish.demo ? Number(await readKept(wish.dataFolder, 'https-port')) || null : null,
  }
}

// ── What every start needs ──────────────────────────────────────────────────

async function ensureOrganisation(name: string): Promise<Actor> {
  const slug = name.toLowerCase().replaceAll(' ', '-')
  const known = await db().organisation.findFirst({ orderBy: { createdAt: 'asc' } })
  const organisation = known ?? (await db().organisation.create({ data: { name, slug } }))
  const organisationId = organisation.id
  for (const [kind, environment] of [
    ['production', 'production'],
    ['development', 'development'],
  ] as const) {
    await db().environment.upsert({
      where: { organisationId_name: { organisationId, name: environment } },
      create: { organisationId, name: environment, kind },
      update: {},
    })
  }
  return {
    kind: 'machine',
    id: 'setup',
    name: 'Hexgate setup',
    organisationId,
    role: 'admin',
    scopes: null,
    sessionId: null,
  }
}

async function ensureGateway(actor: Actor, wish: SeedWish): Promise<string> {
  const { organisationId } = actor
  const publicUrl = `http://localhost:${wish.gatewayPort}`
  const known = await db().gateway.findFirst({ where: { organisationId }, orderBy: { createdAt: 'asc' } })
  if (known) {
    // It is shown and never dialled, so following another port of this start harms nothing.
    if (/^http:\/\/localhost:\d+$/.test(known.publicUrl) && known.publicUrl !== publicUrl) {
      await db().gateway.update({ where: { id: known.id }, data: { publicUrl } })
    }
    return known.id
  }
  const environment = await db().environment.findFirstOrThrow({
    where: { organisationId, kind: 'production' },
  })
  const listener = {
    id: 'http',
    protocol: 'http' as const,
    address: wish.gatewayAddress,
    port: wish.gatewayPort,
  }
  const made = await createGateway(
    { name: 'edge', environmentId: environment.id, publicUrl, listeners: [listener] },
    actor,
  )
  return made.id
}

async function ensureServiceAccount(
  { organisationId }: Actor,
  { issuer, clientId }: { issuer: string; clientId: string },
): Promise<void> {
  await db().serviceAccount.upsert({
    where: { issuer_clientId: { issuer, clientId } },
    create: { organisationId, issuer, clientId, name: 'Pipeline', role: 'admin' },
    update: {},
  })
}

async function ensureGatewayKey(actor: Actor, gatewayId: string, dataFolder: string): Promise<string> {
  const kept = await readKept(dataFolder, 'gateway-key')
  const holder = kept ? await requireGatewayKey(kept).catch(() => null) : null
  if (kept && holder?.gatewayId === gatewayId) return kept
  const { key } = await createKey(gatewayId, actor)
  await keep(dataFolder, 'gateway-key', key)
  return key
}

async function ensureFirstRevision(actor: Actor, gatewayId: string): Promise<void> {
  const { headRevision } = await db().gateway.findUniqueOrThrow({ where: { id: gatewayId } })
  // Without one a node has no configuration, and its ports stay closed.
  if (headRevision === 0)
    await publish(actor, gatewayId, { expectedHeadRevision: 0, note: 'First deployment' })
}

// ── Sample data ─────────────────────────────────────────────────────────────

async function ensureSample(
  actor: Actor,
  gatewayId: string,
  wish: SeedWish,
  say: (text: string) => void,
): Promise<void> {
  const { organisationId } = actor
  const progress = await readKept(wish.dataFolder, 'sample')
  if (progress === 'done') return
  if (progress === null && (await db().api.count({ where: { organisationId } })) > 0) return
  await keep(wish.dataFolder, 'sample', 'begun')
  const instances = {} as Record<DemoName, string>
  for (const api of demoApis) {
    say(`importing ${api.name}`)
    instances[api.folder] = await ensureApi(actor, gatewayId, api, wish.upstreams[api.folder])
  }
  say('issuing certificates')
  const { contexts, root, client } = await createSampleTrust(actor, guardedHost)
  await keep(wish.dataFolder, clientFiles.ca, root.trim())
  await keep(wish.dataFolder, clientFiles.client, client.trim())
  await ensureHttps(actor, gatewayId, wish)
  const guarded = await ensureGuarded(actor, gatewayId, wish.upstreams.orders, contexts['org-internal'])
  say('drawing the topology')
  await clearTopology(organisationId)
  const { orders, customers, freight } = instances
  await createSampleTopology(
    actor,
    {
      gatewayId,
      internal: [orders],
      hosted: [customers],
      partner: [freight],
      guarded: [guarded],
    },
    contexts,
  )
  await issueDemoKey(actor, customers, wish.dataFolder)
  await ensureFirstRevision(actor, gatewayId)
  await keep(wish.dataFolder, 'sample', 'done')
}

async function ensureHttps(actor: Actor, gatewayId: string, wish: SeedWish): Promise<void> {
  const { listeners, version } = await readGateway(gatewayId, actor)
  if (!listeners.some(({ id }) => id === httpsListener)) {
    const https = { id: httpsListener, protocol: 'https' as const, address: wish.gatewayAddress }
    const wanted = { listeners: [...listeners, { ...https, port: wish.httpsPort }] }
    await replaceListeners(gatewayId, wanted, version, actor)
  }
  await keep(wish.dataFolder, 'https-port', String(wish.httpsPort))
}

/** The API that is served with mTLS, and on the listener for it alone. */
async function ensureGuarded(
  actor: Actor,
  gatewayId: string,
  port: number,
  contextRef: string,
): Promise<string> {
  const id = await ensureApi(
    actor,
    gatewayId,
    {
      name: 'stock-levels',
      folder: 'stock',
      host: guardedHost,
      basePath: '/warehouse/v1',
      policies: [{ kind: 'tls', label: 'Own systems alone', config: { contextRef, mode: 'STRICT' } }],
    },
    port,
  )
  const { host, basePath, upstreamUrl, stripBasePath, enabled, routing, version } = await readInstance(
    actor,
    id,
  )
  if (routing.listenerIds.includes(httpsListener)) return id
  const listenerIds = [httpsListener]
  const place = { host, basePath, upstreamUrl, stripBasePath, enabled, routing: { ...routing, listenerIds } }
  await changeInstance(actor, id, place, version)
  return id
}

async function ensureApi(actor: Actor, gatewayId: string, api: DemoApi, port: number): Promise<string> {
  const { organisationId } = actor
  const where = { gatewayId, organisationId, basePath: api.basePath }
  const known = await db().apiInstance.findFirst({ where, include: { policies: { select: { id: true } } } })
  const id = known?.id ?? (await importDemo(actor, gatewayId, api, port))
  if ((known?.policies.length ?? 0) > 0) return id
  const { version } = await db().apiInstance.findUniqueOrThrow({ where: { id } })
  await replaceChain(
    actor,
    id,
    api.policies.map((step) => chainStepInput.parse(step)),
    version,
  )
  return id
}

async function importDemo(actor: Actor, gatewayId: string, api: DemoApi, port: number): Promise<string> {
  const text = await readFile(path.join(checkout, 'demo', api.folder, 'openapi.yaml'), 'utf8')
  const { instanceId } = await importApi(
    actor,
    importWish.parse({
      source: { text },
      name: api.name,
      gatewayId,
      ...(api.host ? { host: api.host } : {}),
      basePath: api.basePath,
      upstreamUrl: `http://127.0.0.1:${port}`,
    }),
  )
  if (!instanceId) throw new Error(`${api.name} was imported and not exposed`)
  return instanceId
}

// Only ever called before the sample is complete: what is there is half of it.
async function clearTopology(organisationId: string): Promise<void> {
  const where = { organisationId }
  await db().$transaction([
    db().apiInstance.updateMany({ where, data: { providerId: null } }),
    db().gateway.updateMany({ where, data: { networkId: null } }),
    db().flow.deleteMany({ where }),
    db().party.deleteMany({ where }),
    db().network.updateMany({ where, data: { parentId: null } }),
    db().network.deleteMany({ where }),
  ])
}

async function issueDemoKey(actor: Actor, instanceId: string, dataFolder: string): Promise<void> {
  const { organisationId } = actor
  const caller = await db().party.findFirst({
    where: { organisationId, kind: 'consumer', flows: { some: { instanceId } } },
    orderBy: { createdAt: 'asc' },
  })
  if (!caller) return
  const { key } = await issueCredential(actor, caller.id, instanceId)
  await keep(dataFolder, 'demo-api-key', key)
}
