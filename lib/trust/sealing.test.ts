import { createCipheriv, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from '../actor.ts'
import { db, transaction } from '../db.ts'
import { readChain } from '../policies/read.ts'
import { replaceChain } from '../policies/write.ts'
import { itemsByHash } from '../publish/draft.ts'
import { draftApi } from '../publish/testing/draft.ts'
import { publish } from '../publish/write.ts'
import { authSecret } from '../session/cookie.ts'
import { openSession, revokeSession } from '../session/browser-session.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type TestOrganisation, testOrganisation } from '../testing/organisation.ts'
import { openerOf, sealerOf } from './sealing.ts'
import { databaseText } from './testing/dump.ts'
import { listDataKeys, renewDataKey, rewrapDataKeys } from './write-data-key.ts'

let database: TestDatabase
let folder: string
let home: TestOrganisation
let owner: Actor

const newKey = () => randomBytes(32).toString('base64')
const first = newKey()

beforeAll(async () => {
  database = await testDatabase()
  folder = await mkdtemp(path.join(tmpdir(), 'hexgate-keys-'))
  delete process.env['HEXGATE_MASTER_KEY']
  process.env['HEXGATE_MASTER_KEY_FILE'] = path.join(folder, 'master-keys')
})
afterAll(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

beforeEach(async () => {
  await useKeys(first)
  home = await testOrganisation()
  owner = await home.actor('owner')
})

function useKeys(...keys: string[]): Promise<void> {
  return writeFile(path.join(folder, 'master-keys'), keys.join('\n'), { mode: 0o600 })
}

const seal = (plain: string, purpose: string, organisationId = owner.organisationId) =>
  transaction(async (tx) => (await sealerOf(tx, organisationId)).seal(plain, purpose))

const open = async (text: string, purpose: string, organisationId = owner.organisationId) =>
  (await openerOf(db(), organisationId)).unseal(text, purpose).reveal()

describe('what is sealed', () => {
  it('opens for the same purpose and organisation alone', async () => {
    const sealed = await seal('refresh-token', 'session.refresh')
    expect(sealed).not.toContain('refresh-token')
    expect(await open(sealed, 'session.refresh')).toBe('refresh-token')
    await expect(open(sealed, 'session.access')).rejects.toThrow()
    const other = await testOrganisation()
    await seal('theirs', 'session.refresh', other.organisation.id)
    await expect(open(sealed, 'session.refresh', other.organisation.id)).rejects.toThrow(/names no key/)
  })

  it('never comes out as the same bytes twice', async () => {
    expect(await seal('a', 'p')).not.toBe(await seal('a', 'p'))
  })

  it('does not open once it was altered, cut or said to be of another version', async () => {
    const sealed = await seal('abc', 'p')
    const [version, key, nonce, text, tag] = sealed.split('.')
    const flipped = `${text?.startsWith('A') ? 'B' : 'A'}${text?.slice(1)}`
    const bad = [
      [version, key, nonce, flipped, tag].join('.'),
      sealed.slice(0, -6),
      `v3${sealed.slice(2)}`,
      `v1${sealed.slice(2)}`,
      `${sealed}.x`,
      '',
      'v1...',
      'v2.',
    ]
    for (const each of bad) await expect(open(each, 'p'), each).rejects.toThrow(/cannot be opened/)
  })

  it('before there were data keys opens still, under whichever master key it was', async () => {
    const old = sealedByMasterKey('from before', first, 'policy.config')
    await useKeys(newKey(), first)
    expect(await open(old, 'policy.config')).toBe('from before')
    await useKeys(newKey())
    await expect(open(old, 'policy.config')).rejects.toThrow(/no known master key/)
  })

  it('is sealed under one key when many begin at once', async () => {
    const texts = await Promise.all(Array.from({ length: 8 }, (_, index) => seal(`${index}`, 'p')))
    expect(new Set(texts.map((text) => text.split('.')[1])).size).toBe(1)
    expect((await listDataKeys(owner)).dataKeys).toHaveLength(1)
  })
})

describe('another master key', () => {
  it('takes over while the portal runs, and the one before can be thrown away', async () => {
    const instanceId = await apiWithSecret('planted-master-1')
    const before = await authSecret()
    const second = newKey()
    await useKeys(second, first)
    expect(await rewrapDataKeys(owner)).toMatchObject({ rewrapped: 2, resealed: 0, unreadable: 0 })
    await useKeys(second)
    const { masterKeys, dataKeys } = await listDataKeys(owner)
    expect(dataKeys.map(({ masterKeyId }) => masterKeyId)).toEqual(masterKeys)
    expect(await secretOf(instanceId)).toBe(padded('planted-master-1'))
    expect(await authSecret()).toBe(before)
    await useKeys(first)
    const other = await testOrganisation()
    await seal('a', 'p', other.organisation.id)
  })

  it('takes along what lay under the one before itself', async () => {
    const instanceId = await apiWithSecret('planted-master-2')
    const old = sealedByMasterKey(JSON.stringify(padded('from before')), first, 'policy.config')
    await db().policyAttachment.updateMany({
      where: { instanceId },
      data: { config: { ...configWith('x'), textKey: `sealed:${old}` } },
    })
    const second = newKey()
    await useKeys(second, first)
    expect(await rewrapDataKeys(owner)).toMatchObject({ resealed: 1, unreadable: 0 })
    await useKeys(second)
    expect(await secretOf(instanceId)).toBe(padded('from before'))
  })

  it('that is not known is named, and never shown', async () => {
    const masterKeyId = '0123456789abcdef'
    await db().dataKey.create({
      data: { organisationId: owner.organisationId, masterKeyId, wrapped: 'a.b.c' },
    })
    await expect(seal('a', 'p')).rejects.toThrow(/under the master key 0123456789abcdef, which is not among/)
    await useKeys('too short')
    await expect(listDataKeys(owner)).rejects.toThrow(/^Key 1 of \S+ \(\S+\) is not 32 bytes in base64\.$/)
  })
})

describe('another data key', () => {
  it('takes over everything that was sealed, everywhere', async () => {
    const instanceId = await apiWithSecret('planted-data-1')
    const number = await publish(owner, home.gateway.id, { expectedHeadRevision: 0, note: '' })
    const tokens = { access_token: 'planted-access', refresh_token: 'planted-refresh', expires_in: 60 }
    const session = await transaction((tx) =>
      openSession(tx, { ...owner, userId: owner.id }, { ...tokens, id_token: 'planted-id' }),
    )
    const [before] = (await listDataKeys(owner)).dataKeys
    // A policy, an item, the signing key, three tokens.
    expect(await renewDataKey(owner)).toEqual({ rewrapped: 0, resealed: 6, unreadable: 0 })
    const text = await databaseText()
    expect(text).not.toContain(`v2.${before?.id}.`)
    expect(text).not.toContain('planted-')
    expect(await secretOf(instanceId)).toBe(padded('planted-data-1'))
    expect(await deployedSecret(number, instanceId)).toContain(padded('planted-data-1'))
    expect(await revokeSession(session)).toEqual({ idToken: 'planted-id' })
    expect(
      await publish(owner, home.gateway.id, { expectedHeadRevision: number, note: '' }).catch(codeOf),
    ).toBe('revision.empty')
  })

  it('loses nothing that is written meanwhile', async () => {
    const ids = await Promise.all([1, 2, 3].map((each) => apiWithSecret(`planted-${each}`)))
    let done = false
    const renewals = (async () => {
      for (let round = 0; round < 5; round++) await renewDataKey(owner)
      done = true
    })()
    let written = 0
    while (!done) {
      const id = ids[written % ids.length] ?? ''
      await setSecret(id, `planted-again-${written++}`)
    }
    await renewals
    expect(written).toBeGreaterThan(5)
    await renewDataKey(owner)
    const keys = (await listDataKeys(owner)).dataKeys
    const current = keys.find(({ retiredAt }) => retiredAt === null)
    const text = await databaseText()
    for (const { id } of keys) if (id !== current?.id) expect(text).not.toContain(`v2.${id}.`)
    for (const id of ids) expect(await secretOf(id)).toMatch(/^planted-again-/)
  })

  it('leaves alone what cannot be opened, and says how much that is', async () => {
    const instanceId = await apiWithSecret('planted-lost')
    const config = { ...configWith('x'), textKey: 'sealed:v2.nobody.a.b.c' }
    await db().policyAttachment.updateMany({ where: { instanceId }, data: { config } })
    expect(await renewDataKey(owner)).toMatchObject({ unreadable: 1 })
    const kept = await db().policyAttachment.findFirstOrThrow({ where: { instanceId } })
    expect(kept.config).toEqual(config)
  })

  it('is told of in the audit trail, by ids alone', async () => {
    await renewDataKey(owner)
    const entry = await db().auditEntry.findFirstOrThrow({
      where: { organisationId: owner.organisationId },
      orderBy: { sequence: 'desc' },
    })
    expect(entry).toMatchObject({ action: 'data-key.renew', after: { resealed: 0, unreadable: 0 } })
    expect(JSON.stringify(entry.after)).not.toContain(first)
  })
})

/** As it was done before there were data keys. */
function sealedByMasterKey(plain: string, key: string, purpose: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'base64'), nonce)
  cipher.setAAD(Buffer.from(purpose))
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return ['v1', ...[nonce, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.')
}

const padded = (mark: string) => `${mark}-${'x'.repeat(40)}`

function configWith(mark: string) {
  return { jwtKeyOrigin: 'text', signingMethod: 'hmac', signingKeyLength: 256, textKey: padded(mark) }
}

let count = 0

async function apiWithSecret(mark: string): Promise<string> {
  const id = await draftApi(owner.organisationId, home.gateway.id, `api-${++count}`)
  await setSecret(id, mark)
  return id
}

async function setSecret(instanceId: string, mark: string): Promise<void> {
  const { version } = await db().apiInstance.findUniqueOrThrow({ where: { id: instanceId } })
  const step = { kind: 'jwt-validation', label: '', enabled: true, dryRun: false, rules: [], upstreams: [] }
  await replaceChain(owner, instanceId, [{ ...step, config: configWith(mark) }], version)
}

async function secretOf(instanceId: string): Promise<unknown> {
  // The chain opens what it judges; a secret that does not open fails there.
  expect((await readChain(owner, instanceId)).policies[0]?.verdict.faults).toEqual([])
  const { config } = await db().policyAttachment.findFirstOrThrow({ where: { instanceId } })
  const { textKey } = config as { textKey: string }
  return JSON.parse(await open(textKey.replace('sealed:', ''), 'policy.config'))
}

async function deployedSecret(number: number, instanceId: string): Promise<string> {
  const { manifest } = await db().revision.findFirstOrThrow({ where: { gatewayId: home.gateway.id, number } })
  const hash = (manifest as { items: Record<string, string> }).items[`api:${instanceId}`] ?? ''
  return JSON.stringify((await itemsByHash(db(), owner.organisationId, [hash])).get(hash))
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error
}
