import { randomBytes, randomUUID } from 'node:crypto'
import type { Tx } from '../db.ts'
import { decrypted, encrypted } from './aes-gcm.ts'
import { masterKeys } from './master-keys.ts'

/** A data key as the database has it. */
export interface WrappedKey {
  readonly id: string
  readonly organisationId: string | null
  readonly masterKeyId: string
  readonly wrapped: string
}

// A data key never changes, only what it is wrapped under does.
const opened = new Map<string, Buffer>()

/** Throws an Error that names the key-encryption key where that is not known here. */
export function unwrapped(row: WrappedKey): Buffer {
  const known = opened.get(row.id)
  if (known !== undefined) return known
  const master = masterKeys().find(({ id }) => id === row.masterKeyId)
  if (master === undefined)
    throw new Error(
      `The data key ${row.id} is wrapped under the master key ${row.masterKeyId}, which is not among those of HEXGATE_MASTER_KEY or HEXGATE_MASTER_KEY_FILE.`,
    )
  const key = decrypted(row.wrapped, master.key, boundTo(row))
  opened.set(row.id, key)
  return key
}

/** Under the key-encryption key that wraps now. */
function wrap(row: Pick<WrappedKey, 'id' | 'organisationId'>, key: Buffer) {
  const [master] = masterKeys()
  return { masterKeyId: master.id, wrapped: encrypted(key, master.key, boundTo(row)) }
}

function boundTo({ id, organisationId }: Pick<WrappedKey, 'id' | 'organisationId'>): string {
  return `data-key:${organisationId ?? 'portal'}:${id}`
}

/**
 * The key that seals for an organisation, or for the portal itself; made at the first call. Until the transaction
 * ends it is not retired, so that nothing is sealed under a key that is given up meanwhile.
 */
export async function sealingKey(tx: Tx, organisationId: string | null): Promise<WrappedKey> {
  const known = await currentKey(tx, organisationId)
  if (known !== undefined) return known
  // Two at once must not make two keys; the lock ends with the transaction.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`data-key:${organisationId}`}, 0))`
  return (await currentKey(tx, organisationId)) ?? addKey(tx, organisationId)
}

async function currentKey(tx: Tx, organisationId: string | null): Promise<WrappedKey | undefined> {
  const rows = await tx.$queryRaw<WrappedKey[]>`
    SELECT "id", "organisationId", "masterKeyId", "wrapped" FROM "DataKey"
    WHERE "organisationId" IS NOT DISTINCT FROM ${organisationId}::uuid AND "retiredAt" IS NULL FOR SHARE`
  return rows[0]
}

function addKey(tx: Tx, organisationId: string | null): Promise<WrappedKey> {
  const id = randomUUID()
  const data = { id, organisationId, ...wrap({ id, organisationId }, randomBytes(32)) }
  return tx.dataKey.create({ data })
}

/** Has another key seal for the organisation from now on. Gives its id. */
export async function replaceSealingKey(tx: Tx, organisationId: string): Promise<string> {
  await sealingKey(tx, organisationId)
  // Waits for every transaction that seals under the key before.
  await tx.dataKey.updateMany({
    where: { organisationId, retiredAt: null },
    data: { retiredAt: new Date() },
  })
  return (await addKey(tx, organisationId)).id
}

/** Wraps the organisation's keys, and the portal's, under the key-encryption key that wraps now. Gives how many. */
export async function rewrapKeys(tx: Tx, organisationId: string): Promise<number> {
  const [{ id: current }] = masterKeys()
  const rows = await tx.$queryRaw<WrappedKey[]>`
    SELECT "id", "organisationId", "masterKeyId", "wrapped" FROM "DataKey"
    WHERE ("organisationId" = ${organisationId}::uuid OR "organisationId" IS NULL)
      AND "masterKeyId" <> ${current} ORDER BY "id" FOR UPDATE`
  for (const row of rows) {
    await tx.dataKey.update({ where: { id: row.id }, data: wrap(row, unwrapped(row)) })
  }
  return rows.length
}
