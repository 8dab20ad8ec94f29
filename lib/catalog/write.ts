import type {
  ImportOutcome,
  ImportPreview,
  ImportSource,
  ImportWish,
  InstanceChange,
  InstanceWish,
} from '#domain/catalog.ts'
import { nameFromTitle, proposeExposure } from '#domain/exposure.ts'
import { type Fault, Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { db, type Tx, transaction } from '../db.ts'
import { env } from '../env.ts'
import { manifestOf } from '../publish/draft.ts'
import { lockStanding, lockStandingOf } from '../publish/standing.ts'
import { publish } from '../publish/write.ts'
import { requireVersion } from '../versions.ts'
import {
  namingTheTaken,
  requireFreePlace,
  requireRoomThere,
  requireRoutes,
  requireUpstream,
} from './exposing.ts'
import { fetchDocument } from './fetch-document.ts'
import { type ReadDocument, readDocument } from './import.ts'
import { routingOf } from './read.ts'

/** Says what an import would do, without doing it. */
export async function previewImport(
  actor: Actor,
  source: ImportSource,
  chosenName: string | undefined,
): Promise<ImportPreview> {
  requirePermission(actor, 'apis.write')
  const document = await documentFrom(source)
  const { organisationId } = actor
  const name = chosenName ?? nameFromTitle(document.title)
  const known = name === null ? null : await knownApi(db(), organisationId, name)
  const gateways = await db().gateway.findMany({
    where: { organisationId },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    select: { id: true, name: true, publicUrl: true },
  })
  const standing = known?.versions.flatMap((version) => version.instances)[0]
  const proposal = standing ?? {
    gatewayId: gateways[0]?.id ?? null,
    ...proposeExposure(name ?? 'api', document.servers),
  }
  const faults = [
    ...(await faultsOf(() => requireUpstream(proposal.upstreamUrl))),
    ...(await faultsOf(async () => {
      const { gatewayId, basePath } = proposal
      if (standing || gatewayId === null) return
      const api = { id: known?.id ?? null, name: name ?? document.title, version: document.label }
      await requireFreePlace(db(), organisationId, { gatewayId, host: '*', basePath, api })
    })),
  ]
  return {
    title: document.title,
    name,
    label: document.label,
    sourceFormat: document.sourceFormat,
    sha256: document.definitionSha256,
    servers: document.servers,
    notes: document.notes,
    operations: document.operations,
    gateways,
    proposal,
    faults,
    effect: effectOf(known, document),
  }
}

// The same checks as at the import, so that what would be refused is said beforehand.
async function faultsOf(check: () => void | Promise<void>): Promise<Fault[]> {
  try {
    await check()
    return []
  } catch (error) {
    if (error instanceof Problem) return [...error.faults]
    throw error
  }
}

type KnownApi = NonNullable<Awaited<ReturnType<typeof knownApi>>>

function knownApi(tx: Tx, organisationId: string, name: string) {
  return tx.api.findUnique({
    where: { organisationId_name: { organisationId, name } },
    select: {
      id: true,
      version: true,
      versions: {
        select: {
          id: true,
          label: true,
          definitionSha256: true,
          instances: {
            select: {
              id: true,
              gatewayId: true,
              host: true,
              basePath: true,
              upstreamUrl: true,
              version: true,
            },
          },
        },
      },
    },
  })
}

function effectOf(known: KnownApi | null, document: ReadDocument): ImportPreview['effect'] {
  if (!known) return 'new-api'
  const same = known.versions.find(({ label }) => label === document.label)
  if (!same) return 'new-version'
  return same.definitionSha256 === document.definitionSha256 ? 'same-content' : 'version-taken'
}

async function documentFrom(source: ImportSource): Promise<ReadDocument> {
  const text =
    'text' in source
      ? source.text
      : await fetchDocument(source.url, { allowPrivate: env().HEXGATE_ALLOW_PRIVATE_ADDRESSES })
  const reading = await readDocument(text)
  if ('document' in reading) return reading.document
  const [first] = reading.faults
  const where = first?.line === undefined ? '' : `Line ${first.line}: `
  throw new Problem('api.definition-invalid', `${where}${first?.detail ?? ''}`, { faults: reading.faults })
}

/** Imports a document as an API or a version of one, exposes it at a gateway, and deploys it if that is wished. */
export async function importApi(actor: Actor, wish: ImportWish): Promise<ImportOutcome> {
  requirePermission(actor, 'apis.write')
  if (wish.deploy) requirePermission(actor, 'revisions.deploy')
  const document = await documentFrom(wish.source)
  if (wish.expectedSha256 !== undefined && wish.expectedSha256 !== document.definitionSha256) {
    throw new Problem('write.stale', 'The document is another one than when you looked at it.')
  }
  const gatewayId = await gatewayFor(actor.organisationId, wish.gatewayId)
  const stored = await namingTheTaken(() =>
    transaction((tx) => store(tx, actor, { ...wish, gatewayId }, document)),
  )
  const deployment =
    wish.deploy && stored.instanceId && gatewayId
      ? await deployInstance(actor, gatewayId, stored.instanceId, `${document.title} ${document.label}`)
      : { revision: null, notDeployed: null }
  return { ...stored, ...deployment }
}

async function gatewayFor(organisationId: string, chosen: string | null | undefined): Promise<string | null> {
  if (chosen === null) return null
  const gateways = await db().gateway.findMany({
    where: { organisationId, ...(chosen === undefined ? {} : { id: chosen }) },
    select: { id: true },
    take: 2,
  })
  const [only, another] = gateways
  if (chosen !== undefined && !only) throw new Problem('not-found', 'There is no such gateway.')
  if (another) {
    const detail = 'There are several gateways; name one, or null for none.'
    throw new Problem('request.invalid', detail, { faults: [{ pointer: '/gatewayId', detail }] })
  }
  return only?.id ?? null
}

type StoredWish = Omit<ImportWish, 'gatewayId'> & { gatewayId: string | null }
type Stored = Pick<ImportOutcome, 'outcome' | 'apiId' | 'versionId' | 'instanceId'>

async function store(tx: Tx, actor: Actor, wish: StoredWish, document: ReadDocument): Promise<Stored> {
  const { organisationId } = actor
  const name = wish.name ?? nameFromTitle(document.title)
  if (name === null) {
    const detail = 'Nothing of the title can stand in an address; give a name.'
    throw new Problem('request.invalid', detail, { faults: [{ pointer: '/name', detail }] })
  }
  if (wish.gatewayId !== null) await lockStanding(tx, organisationId, wish.gatewayId)
  const known = await knownApi(tx, organisationId, name)
  const effect = effectOf(known, document)
  if (effect === 'version-taken') {
    throw new Problem(
      'api.version-taken',
      `${name} has a version ${document.label} already, with other content. Versions do not change; use a new label.`,
      { extra: { apiId: known?.id } },
    )
  }
  const apiId = known
    ? await renew(tx, actor, known, document, effect)
    : await createApi(tx, actor, name, document)
  const same = known?.versions.find(({ label }) => label === document.label)
  const versionId = same?.id ?? (await createVersion(tx, actor, apiId, document))
  const instanceId = await expose(tx, actor, wish, { apiId, name, versionId, document, known })
  await announceChange(tx, organisationId, { topic: 'apis', id: apiId })
  const outcome = !known ? 'created' : same ? 'unchanged' : 'version-added'
  return { outcome, apiId, versionId, instanceId }
}

async function createApi(tx: Tx, actor: Actor, name: string, { description, ...document }: ReadDocument) {
  const title = document.title || name
  const { organisationId } = actor
  const api = await tx.api.create({ data: { organisationId, name, title, description } })
  await audit(tx, actor, {
    action: 'api.create',
    subjectKind: 'api',
    subjectId: api.id,
    subjectVersion: 1,
    after: { name, title },
  })
  return api.id
}

// The API shows the newest version's own words.
async function renew(
  tx: Tx,
  actor: Actor,
  known: KnownApi,
  { title, description, label }: ReadDocument,
  effect: ImportPreview['effect'],
): Promise<string> {
  if (effect === 'same-content') return known.id
  const { version } = await tx.api.update({
    where: { id: known.id },
    data: { ...(title ? { title } : {}), description, version: { increment: 1 } },
  })
  await audit(tx, actor, {
    action: 'api.add-version',
    subjectKind: 'api',
    subjectId: known.id,
    subjectVersion: version,
    after: { title, label },
  })
  return known.id
}

async function createVersion(tx: Tx, actor: Actor, apiId: string, document: ReadDocument): Promise<string> {
  const { label, sourceFormat, definitionSha256, definitionText, operations, servers, notes } = document
  const { id } = await tx.apiVersion.create({
    data: {
      organisationId: actor.organisationId,
      apiId,
      label,
      sourceFormat,
      definition: {},
      definitionSha256,
      operations,
      servers,
      notes,
      createdBy: actor.name,
    },
    select: { id: true },
  })
  // As text: a document of 20 MB would be parsed and printed twice more on its way through the client.
  await tx.$executeRaw`UPDATE "ApiVersion" SET "definition" = ${definitionText}::json WHERE "id" = ${id}::uuid`
  await audit(tx, actor, {
    action: 'api-version.create',
    subjectKind: 'api-version',
    subjectId: id,
    after: { apiId, label, sourceFormat, definitionSha256, operations: operations.length },
  })
  return id
}

interface Exposed {
  apiId: string
  name: string
  versionId: string
  document: ReadDocument
  known: KnownApi | null
}

/** Puts the version where it is wished: in the place of the API's earlier version there, or as one more. */
async function expose(tx: Tx, actor: Actor, wish: StoredWish, exposed: Exposed): Promise<string | null> {
  const { gatewayId, host } = wish
  if (gatewayId === null) return null
  const here = (exposed.known?.versions ?? [])
    .flatMap((version) => version.instances.map((instance) => ({ ...instance, versionId: version.id })))
    .filter((instance) => instance.gatewayId === gatewayId && instance.host === host)
  const standing =
    wish.basePath === undefined ? here[0] : here.find(({ basePath }) => basePath === wish.basePath)
  const proposal = proposeExposure(exposed.name, exposed.document.servers)
  const upstreamUrl = wish.upstreamUrl ?? standing?.upstreamUrl ?? proposal.upstreamUrl
  const { versionId } = exposed
  requireUpstream(upstreamUrl)
  if (standing) {
    await moveInstance(tx, actor, standing, { versionId, upstreamUrl })
    return standing.id
  }
  const basePath = wish.basePath ?? proposal.basePath
  const api = { id: exposed.apiId, name: exposed.name, version: exposed.document.label }
  await requireFreePlace(tx, actor.organisationId, { gatewayId, host, basePath, api })
  return createInstance(tx, actor, { gatewayId, host, basePath, upstreamUrl, versionId, stripBasePath: true })
}

async function moveInstance(
  tx: Tx,
  actor: Actor,
  standing: { id: string; versionId: string; upstreamUrl: string },
  target: { versionId: string; upstreamUrl: string },
): Promise<void> {
  const { id, ...before } = standing
  if (before.versionId === target.versionId && before.upstreamUrl === target.upstreamUrl) return
  const { version } = await tx.apiInstance.update({
    where: { id },
    data: { apiVersionId: target.versionId, upstreamUrl: target.upstreamUrl, version: { increment: 1 } },
  })
  await audit(tx, actor, {
    action: 'instance.update',
    subjectKind: 'instance',
    subjectId: id,
    subjectVersion: version,
    before: { versionId: before.versionId, upstreamUrl: before.upstreamUrl },
    after: target,
  })
}

async function createInstance(tx: Tx, actor: Actor, wish: InstanceWish): Promise<string> {
  const { versionId: apiVersionId, ...place } = wish
  const { organisationId } = actor
  const { id } = await tx.apiInstance.create({ data: { organisationId, apiVersionId, ...place } })
  await audit(tx, actor, {
    action: 'instance.create',
    subjectKind: 'instance',
    subjectId: id,
    subjectVersion: 1,
    after: wish,
  })
  return id
}

// Deploying one instance leaves everybody else's alone, so a publication that came between does not matter.
async function deployInstance(actor: Actor, gatewayId: string, instanceId: string, note: string) {
  for (let attempt = 1; ; attempt++) {
    const gateway = await db().gateway.findFirstOrThrow({
      where: { id: gatewayId, organisationId: actor.organisationId },
      select: { headRevision: true },
    })
    try {
      const wish = { expectedHeadRevision: gateway.headRevision, note, instanceId }
      return { revision: await publish(actor, gatewayId, wish), notDeployed: null }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (error.code === 'revision.raced' && attempt < 5) continue
      // The import itself is done and stands; the answer says both.
      return { revision: null, notDeployed: error.message }
    }
  }
}

/** Exposes a version that is in the catalog at a gateway. */
export function exposeVersion(actor: Actor, apiId: string, wish: InstanceWish): Promise<string> {
  requirePermission(actor, 'apis.write')
  const { organisationId } = actor
  return namingTheTaken(() =>
    transaction(async (tx) => {
      const version = await tx.apiVersion.findFirst({
        where: { id: wish.versionId, apiId, organisationId },
        select: { label: true, api: { select: { id: true, name: true } } },
      })
      if (!version) throw new Problem('not-found', 'There is no such version of this API.')
      await gatewayFor(organisationId, wish.gatewayId)
      await lockStanding(tx, organisationId, wish.gatewayId)
      requireUpstream(wish.upstreamUrl)
      const api = { ...version.api, version: version.label }
      await requireFreePlace(tx, organisationId, { ...wish, api })
      const id = await createInstance(tx, actor, wish)
      await announceChange(tx, organisationId, { topic: 'apis', id: apiId })
      return id
    }),
  )
}

/** Changes where an API answers and where its requests go. */
export function changeInstance(
  actor: Actor,
  instanceId: string,
  change: InstanceChange,
  ifMatch: number,
): Promise<void> {
  requirePermission(actor, 'apis.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    await lockStandingOf(tx, organisationId, instanceId)
    const instance = await lockInstance(tx, organisationId, instanceId)
    await requireVersion(tx, actor, { kind: 'instance', id: instanceId, version: instance.version }, ifMatch)
    const { routing, ...place } = change
    if (routing) await requireRoutes(tx, organisationId, instance.gatewayId, routing)
    requireUpstream(place.upstreamUrl)
    await requireRoomThere(tx, organisationId, instance, change)
    const { version } = await tx.apiInstance.update({
      where: { id: instanceId },
      data: { ...place, ...routing, version: { increment: 1 } },
    })
    const { host, basePath, upstreamUrl, stripBasePath, enabled } = instance
    await audit(tx, actor, {
      action: 'instance.update',
      subjectKind: 'instance',
      subjectId: instanceId,
      subjectVersion: version,
      before: { host, basePath, upstreamUrl, stripBasePath, enabled, routing: routingOf(instance) },
      after: change,
    })
    await announceChange(tx, organisationId, { topic: 'apis', id: instance.apiVersion.apiId })
  })
}

/** The instance, if it belongs to the organisation, held until the transaction ends. */
export async function lockInstance(tx: Tx, organisationId: string, id: string) {
  await tx.$queryRaw`SELECT 1 FROM "ApiInstance" WHERE "id" = ${id}::uuid AND "organisationId" = ${organisationId}::uuid FOR UPDATE`
  const instance = await tx.apiInstance.findFirst({
    where: { id, organisationId },
    include: { apiVersion: { select: { apiId: true } }, gateway: { select: { headRevision: true } } },
  })
  if (!instance) throw new Problem('not-found', 'There is no such API instance.')
  return instance
}

/** Takes an API off a gateway in the catalog. What still runs must be switched off and deployed first. */
export function removeInstance(actor: Actor, instanceId: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'apis.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    const { version, apiVersion, basePath, host } = await lockInstance(tx, organisationId, instanceId)
    await requireVersion(tx, actor, { kind: 'instance', id: instanceId, version }, ifMatch)
    await requireNotServed(tx, organisationId, [instanceId])
    await tx.apiInstance.delete({ where: { id: instanceId } })
    await audit(tx, actor, {
      action: 'instance.delete',
      subjectKind: 'instance',
      subjectId: instanceId,
      subjectVersion: version + 1,
      before: { host, basePath },
    })
    await announceChange(tx, organisationId, { topic: 'apis', id: apiVersion.apiId })
  })
}

/** Deletes an API with its versions. What still runs must be switched off and deployed first. */
export function deleteApi(actor: Actor, apiId: string, ifMatch: number): Promise<void> {
  requirePermission(actor, 'apis.write')
  const { organisationId } = actor
  return transaction(async (tx) => {
    const api = await tx.api.findFirst({
      where: { id: apiId, organisationId },
      include: { versions: { select: { label: true, instances: { select: { id: true } } } } },
    })
    if (!api) throw new Problem('not-found', 'There is no such API.')
    await requireVersion(tx, actor, { kind: 'api', id: apiId, version: api.version }, ifMatch)
    const instanceIds = api.versions.flatMap(({ instances }) => instances.map(({ id }) => id))
    await requireNotServed(tx, organisationId, instanceIds)
    await tx.api.delete({ where: { id: apiId } })
    await audit(tx, actor, {
      action: 'api.delete',
      subjectKind: 'api',
      subjectId: apiId,
      subjectVersion: api.version + 1,
      before: { name: api.name, title: api.title, versions: api.versions.map(({ label }) => label) },
    })
    await announceChange(tx, organisationId, { topic: 'apis', id: apiId })
  })
}

async function requireNotServed(
  tx: Tx,
  organisationId: string,
  instanceIds: readonly string[],
): Promise<void> {
  const instances = await tx.apiInstance.findMany({
    where: { id: { in: [...instanceIds] }, organisationId },
    select: {
      id: true,
      gateway: {
        select: { id: true, organisationId: true, name: true, listeners: true, headRevision: true },
      },
    },
  })
  for (const { id, gateway } of instances) {
    const manifest = await manifestOf(tx, gateway, gateway.headRevision)
    if (manifest && Object.hasOwn(manifest.items, `api:${id}`)) {
      throw new Problem('in-use', `${gateway.name} serves it. Switch it off there and deploy that first.`)
    }
  }
}
