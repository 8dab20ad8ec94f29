import { db } from '../../db.ts'

/** Exposes an API of that name at a gateway, as a draft; gives the instance's id. */
export async function draftApi(organisationId: string, gatewayId: string, name: string): Promise<string> {
  const api = await db().api.create({ data: { organisationId, name, title: name } })
  const version = await db().apiVersion.create({
    data: {
      organisationId,
      apiId: api.id,
      label: '1.0.0',
      sourceFormat: 'openapi-3.1',
      definition: {},
      definitionSha256: '0'.repeat(64),
      operations: [],
      servers: [],
      notes: [],
      createdBy: 'test',
    },
  })
  const instance = await db().apiInstance.create({
    data: {
      organisationId,
      apiVersionId: version.id,
      gatewayId,
      basePath: `/${name}`,
      upstreamUrl: `http://${name}.internal`,
    },
  })
  return instance.id
}

/** Puts a rate limit on an instance, as a draft. */
export async function draftLimit(
  organisationId: string,
  instanceId: string,
  maximumRequests: number,
): Promise<void> {
  await db().policyAttachment.create({
    data: {
      organisationId,
      instanceId,
      kind: 'rate-limiting',
      policyVersion: '1.0.0',
      order: 0,
      config: { rateLimits: [{ maximumRequests, timePeriodInMilliseconds: 1000 }] },
    },
  })
}
