import type { ImportOutcome, ImportWish } from '#domain/catalog.ts'
import { nameFromTitle, proposeExposure } from '#domain/exposure.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { announceChange } from '../changes.ts'
import { db, type Tx, transaction } from '../db.ts'
import { lockStanding } from '../publish/standing.ts'
import { publish } from '../publish/write.ts'
import { namingTheTaken, requireFreePlace, requireUpstream } from './exposing.ts'
import type { ReadDocument } from './import.ts'
import { documentFrom, effectOf, type KnownApi, knownApi } from './importing.ts'
import { createApi, createVersion, renew } from './write-api.ts'
import { createInstance, gatewayFor, moveInstance } from './write-instance.ts'

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
