import { randomUUID } from 'node:crypto'
import { db } from '../db.ts'
import type { TestOrganisation } from './organisation.ts'

/** What an API instance of a test is to be; whatever is left out is anything. */
export interface TestInstance {
  readonly name?: string
  readonly title?: string
  readonly basePath?: string
  readonly upstreamUrl?: string
  readonly providerId?: string | null
}

/** Makes an API of one version at the gateway of the organisation, as an import leaves it; answers the instance's id. */
export async function testInstance(home: TestOrganisation, wish: TestInstance = {}): Promise<string> {
  const { name = randomUUID(), title = name, basePath = `/${name}` } = wish
  const { upstreamUrl = 'http://127.0.0.1:1', providerId = null } = wish
  const organisationId = home.organisation.id
  const api = await db().api.create({ data: { organisationId, name, title } })
  const version = await db().apiVersion.create({
    data: {
      organisationId,
      apiId: api.id,
      label: '1.0',
      sourceFormat: 'openapi-3.1',
      definition: {},
      definitionSha256: '',
      operations: [],
      servers: [],
      notes: [],
      createdBy: 'test',
    },
  })
  const { id } = await db().apiInstance.create({
    data: {
      organisationId,
      apiVersionId: version.id,
      gatewayId: home.gateway.id,
      basePath,
      upstreamUrl,
      providerId,
    },
  })
  return id
}
