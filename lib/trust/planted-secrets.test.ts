import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { operations, serveApi } from '../operations.ts'
import { publish } from '../publish/write.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { signedIn } from '../hub/testing.ts'
import { log } from '../log.ts'
import { makeAuthority } from './issue.ts'
import { databaseText } from './testing/dump.ts'
import { fileBase64, fileText } from './testing/files.ts'
import { formsOfKey } from './testing/key-forms.ts'
import { secureApi } from './testing/secure-api.ts'
import { renewDataKey } from './write-data-key.ts'

let database: TestDatabase
let home: TestOrganisation
let owner: Actor
let cookie: string
const answers: string[] = []
const logged: string[] = []

beforeAll(async () => {
  log.level = 'trace'
  Object.assign(log, { [pino.symbols.streamSym]: { write: (line: string) => void logged.push(line) } })
  database = await testDatabase()
  home = await testOrganisation()
  owner = await home.actor('admin')
  cookie = (await signedIn(owner)).cookie
})
afterAll(() => database.close())

/** Asks by REST and keeps what is answered; gives the id in the answer. */
async function ask(method: string, path: string, body?: unknown): Promise<string> {
  const headers = {
    cookie,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
    'if-match': '"1"',
  }
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  const response = await serveApi(new Request(`http://localhost:3000/api/v1${path}`, init))
  const text = await response.text()
  answers.push(text)
  return /"id":"([^"]+)"/.exec(text)?.[1] ?? ''
}

it('a private key that was brought is in no answer, no log line and nowhere in the database', async () => {
  const authority = await makeAuthority({ commonName: 'Planted' }, 86_400_000)
  const leafKey = await fileText('ec-sec1.key')
  const planted = [...formsOfKey(authority.key.reveal()), ...formsOfKey(leafKey), 'geheim']
  const authorityId = await ask('POST', '/authorities', {
    name: 'Planted',
    runBy: 'organisation',
    content: { text: authority.certificate + authority.key.reveal() },
  })
  const certificateId = await ask('POST', '/certificates', {
    source: 'import',
    name: 'Planted',
    kind: 'server',
    content: { base64: await fileBase64('ec-modern.p12'), password: 'geheim' },
  })
  const contextId = await ask('POST', '/contexts', {
    name: 'Planted',
    class: 'org-internal',
    authorityIds: [authorityId],
    keystoreId: certificateId,
  })
  const instanceId = await secureApi(owner, home.gateway.id, 'planted', { inbound: contextId })
  await db().gateway.update({
    where: { id: home.gateway.id },
    data: { listeners: [{ id: 'https', protocol: 'https', address: '127.0.0.1', port: 8443 }] },
  })
  await publish(owner, home.gateway.id, { expectedHeadRevision: 0, note: '' })
  // What goes wrong must not tell either.
  await ask('POST', '/certificates', {
    source: 'import',
    name: 'Planted',
    kind: 'server',
    content: { text: leafKey + (await fileText('rsa.crt')) },
  })
  await ask('POST', `/certificates/${certificateId}/preview`, {
    content: { text: (await fileText('ec.crt')) + leafKey },
  })
  await ask('POST', `/certificates/${certificateId}/versions`, {
    source: 'import',
    content: { text: (await fileText('ec.crt')) + leafKey },
  })
  // A session of the tests has a token that nobody can open, which is logged.
  await renewDataKey(owner)
  const parameters: Record<string, string> = {
    authorityId,
    certificateId,
    contextId,
    instanceId,
    gatewayId: home.gateway.id,
    number: '1',
    from: '0',
    to: '1',
  }
  const readable = operations.filter(({ method, access }) => method === 'GET' && access !== 'gateway-key')
  for (const { path } of readable)
    await ask(
      'GET',
      path.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? name),
    )
  expect(answers.join('\n')).toContain('BEGIN CERTIFICATE')
  expect(answers.filter((answer) => answer.includes('Planted')).length).toBeGreaterThan(8)

  expect(logged.join('\n')).toContain('a secret cannot be opened')

  const places = { database: await databaseText(), answers: answers.join('\n'), log: logged.join('\n') }
  const found = Object.entries(places).flatMap(([place, text]) =>
    [...planted, 'BEGIN PRIVATE KEY', 'BEGIN EC PRIVATE KEY']
      .filter((form) => text.includes(form))
      .map((form) => `${form} in the ${place}`),
  )
  expect(found).toEqual([])
  // The dump does hold what may stand there: the certificates.
  expect(places.database).toContain((await fileText('ec.crt')).slice(100, 140))
})
