import { afterAll, beforeAll, expect, test } from 'vitest'
import { post } from '#sts/testing/sts.ts'
import { db } from '../db.ts'
import { serveApi } from '../operations.ts'
import { portal, type TestPortal, testPortal } from './testing/portal.ts'

let running: TestPortal
beforeAll(async () => {
  running = await testPortal()
  const organisation = await db().organisation.create({ data: { slug: 'acme', name: 'Acme' } })
  await db().serviceAccount.create({
    data: {
      organisationId: organisation.id,
      issuer: running.sts.issuer,
      clientId: running.sts.pipelineClient.id,
      name: 'Pipeline',
      role: 'operator',
    },
  })
})
afterAll(() => running.close())

async function token(scope: string): Promise<string> {
  const fields = { grant_type: 'client_credentials', scope }
  const { body } = await post(running.sts, '/oauth/token', running.sts.pipelineClient, fields)
  return String(body['access_token'])
}

async function call(method: string, path: string, bearer: string, body?: unknown) {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
  return serveApi(new Request(`${portal}/api/v1${path}`, init))
}

const network = { name: 'Office', class: 'org-internal', location: 'cloud' }

test('a pipeline reads and writes with the credentials of its client, as far as scope and role go', async () => {
  const whole = await token('api.read api.write')
  expect(await (await call('GET', '/me', whole)).json()).toMatchObject({
    kind: 'machine',
    name: 'Pipeline',
    role: 'operator',
    scopes: ['api.read', 'api.write'],
  })
  expect((await call('POST', '/networks', whole, network)).status).toBe(201)
  const refused = await call('POST', '/service-accounts', whole, {})
  expect(await refused.json()).toMatchObject({ code: 'access.denied' })
})

test('a token for reading does not write, and the answer names what it lacks', async () => {
  const reading = await token('api.read')
  expect((await call('GET', '/networks', reading)).status).toBe(200)
  const refused = await call('POST', '/networks', reading, { ...network, name: 'Other' })
  expect(refused.status).toBe(403)
  expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope')
  expect((await call('GET', '/networks', await token('api.write'))).status).toBe(403)
})

test('a token that was revoked before it was ever used is refused', async () => {
  const revoked = await token('api.read')
  await post(running.sts, '/oauth/revoke', running.sts.pipelineClient, { token: revoked })
  const answer = await call('GET', '/me', revoked)
  expect(answer.status).toBe(401)
  expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
})

test('a token that asked for no scope may do nothing', async () => {
  const fields = { grant_type: 'client_credentials' }
  const { body } = await post(running.sts, '/oauth/token', running.sts.pipelineClient, fields)
  expect((await call('GET', '/networks', String(body['access_token']))).status).toBe(403)
})
