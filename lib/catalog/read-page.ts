import type { ApiDetail, ImportPreview, Traffic, VersionDetail } from '#domain/catalog.ts'
import type { InstanceDeployment } from '#domain/deployment.ts'
import { Problem } from '#domain/problem.ts'
import { policies } from '#policies/index.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { deploymentOf } from '../publish/read.ts'
import { readApi, readTraffic, readVersion } from './read.ts'

/** All that the page of an API shows at first. */
export interface ApiPageContent {
  api: ApiDetail
  version: VersionDetail
  /** The exposure that is looked at; null while there is none. */
  exposed: { id: string; deployment: InstanceDeployment; traffic: Traffic | null } | null
  gateways: ImportPreview['gateways']
  /** Every policy that can be added. */
  policies: { kind: string; title: string }[]
}

/** Reads an API's page at once; null when there is no such API in the organisation. */
export async function readApiPage(
  actor: Actor,
  apiId: string,
  instanceId: string | null,
): Promise<ApiPageContent | null> {
  const api = await readApi(actor, apiId).catch(nullWhenMissing)
  if (!api) return null
  const instance = api.instances.find(({ id }) => id === instanceId) ?? api.instances[0]
  const versionId = instance?.versionId ?? api.versions[0]?.id
  if (versionId === undefined) return null
  const [version, exposed, gateways] = await Promise.all([
    readVersion(actor, apiId, versionId),
    instance ? readExposed(actor, instance.id) : null,
    db().gateway.findMany({
      where: { organisationId: actor.organisationId },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      select: { id: true, name: true, publicUrl: true },
    }),
  ])
  return { api, version, exposed, gateways, policies: policies.map(({ kind, title }) => ({ kind, title })) }
}

async function readExposed(actor: Actor, id: string) {
  const [deployment, traffic] = await Promise.all([deploymentOf(actor, id), readTraffic(actor, id)])
  return { id, deployment, traffic }
}

function nullWhenMissing(error: unknown): null {
  if (error instanceof Problem && error.code === 'not-found') return null
  throw error
}
