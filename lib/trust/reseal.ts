import type { Item } from '#contract/items.ts'
import { Prisma } from '#prisma/generated/client.ts'
import { type Tx, transaction } from '../db.ts'
import { log } from '../log.ts'
import { openedConfig, openedItem, sealedConfig, sealedItem } from '../policies/sealing.ts'
import { signingKeyPurpose } from '../publish/signing.ts'
import { authorityKeyPurpose, certificateKeyPurpose } from './material.ts'
import { type Sealer, sealerOf } from './sealing.ts'

interface Row {
  /** Unique in its table. */
  key: string
  value: unknown
  kind: string | null
}

/** A column in which secrets lie sealed. */
interface Place {
  readonly table: string
  readonly key: 'id' | 'hash'
  readonly keyType: 'uuid' | 'text'
  readonly column: string
  readonly holds: 'text' | 'json'
  resealed(row: Row, organisationId: string, sealer: Sealer): unknown
}

function sealedText(
  table: string,
  column: string,
  purposeOf: (row: Row, organisationId: string) => string,
  keyType: Place['keyType'] = 'uuid',
): Place {
  return {
    table,
    column,
    key: 'id',
    keyType,
    holds: 'text',
    resealed(row, organisationId, sealer) {
      const purpose = purposeOf(row, organisationId)
      return sealer.seal(sealer.unseal(String(row.value), purpose).reveal(), purpose)
    },
  }
}

/** Everywhere that something lies sealed. What is not in this list is lost when its key is given up. */
const places: readonly Place[] = [
  {
    table: 'PolicyAttachment',
    column: 'config',
    key: 'id',
    keyType: 'uuid',
    holds: 'json',
    resealed: ({ kind, value }, _, sealer) =>
      sealedConfig(kind ?? '', openedConfig(kind ?? '', value, sealer), sealer),
  },
  {
    table: 'Item',
    column: 'content',
    key: 'hash',
    keyType: 'text',
    holds: 'json',
    // Written by lib/publish alone, parsed before it was.
    resealed: ({ value }, _, sealer) => sealedItem(openedItem(value as Item, sealer), sealer),
  },
  sealedText('SigningKey', 'privateKeySealed', (_, organisationId) => signingKeyPurpose(organisationId)),
  sealedText('Authority', 'keySealed', ({ key }) => authorityKeyPurpose(key)),
  sealedText('CertificateVersion', 'keySealed', ({ key }) => certificateKeyPurpose(key)),
  sealedText('Session', 'accessTokenSealed', () => 'session.access', 'text'),
  sealedText('Session', 'refreshTokenSealed', () => 'session.refresh', 'text'),
  sealedText('Session', 'idTokenSealed', () => 'session.id', 'text'),
]

// First all that nobody holds; then one row at a time what somebody held. So nobody who locks several rows can be
// waited for in a circle.
const passes = [
  { size: 100, skipped: Prisma.raw('SKIP LOCKED'), isLast: false },
  { size: 1, skipped: Prisma.empty, isLast: true },
] as const
type Pass = (typeof passes)[number]

interface Outcome {
  resealed: number
  unreadable: number
}

/** Seals everything of the organisation under the key that seals now, while the portal goes on reading and writing. */
export async function resealAll(organisationId: string): Promise<Outcome> {
  const total = { resealed: 0, unreadable: 0 }
  for (const place of places) {
    for (const pass of passes) {
      for (let after: string | undefined = ''; after !== undefined; ) {
        const from: string = after
        const batch = await transaction((tx) => resealBatch(tx, place, pass, { organisationId, after: from }))
        total.resealed += batch.resealed
        if (pass.isLast) total.unreadable += batch.unreadable
        after = batch.last
      }
    }
  }
  return total
}

interface Where {
  readonly organisationId: string
  readonly after: string
}

async function resealBatch(
  tx: Tx,
  place: Place,
  pass: Pass,
  where: Where,
): Promise<Outcome & { last: string | undefined }> {
  const { organisationId } = where
  const sealer = await sealerOf(tx, organisationId)
  const rows = await staleRows(tx, place, pass, { ...where, mark: sealer.mark })
  let unreadable = 0
  for (const row of rows) {
    const value = resealedOrNull(place, row, organisationId, sealer, pass.isLast)
    if (value === null) unreadable += 1
    else await update(tx, place, row.key, value, organisationId)
  }
  return { resealed: rows.length - unreadable, unreadable, last: rows.at(-1)?.key }
}

function resealedOrNull(place: Place, row: Row, organisationId: string, sealer: Sealer, mustTell: boolean) {
  try {
    return place.resealed(row, organisationId, sealer)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (mustTell) log.warn({ table: place.table, row: row.key, reason }, 'a secret cannot be opened')
    return null
  }
}

// What a row holds was sealed at once, so one text under the current key stands for all of them.
function staleRows(
  tx: Tx,
  { table, key, column, holds }: Place,
  { size, skipped }: Pass,
  { organisationId, after, mark }: Where & { mark: string },
): Promise<Row[]> {
  const [keyColumn, valueColumn, from] = [key, column, table].map(quoted)
  const kind = Prisma.raw(holds === 'json' ? '"kind"' : 'NULL')
  const [any, current] = holds === 'json' ? ['%"sealed:%', `%"sealed:${mark}%`] : ['%', `${mark}%`]
  return tx.$queryRaw<Row[]>`
    SELECT ${keyColumn}::text AS "key", ${valueColumn} AS "value", ${kind} AS "kind" FROM ${from}
    WHERE "organisationId" = ${organisationId}::uuid AND ${keyColumn}::text > ${after}
      AND ${valueColumn}::text LIKE ${any} AND ${valueColumn}::text NOT LIKE ${current}
    ORDER BY ${keyColumn}::text LIMIT ${size} FOR UPDATE ${skipped}`
}

function quoted(name: string) {
  return Prisma.raw(`"${name}"`)
}

async function update(
  tx: Tx,
  { table, key, keyType, column, holds }: Place,
  row: string,
  value: unknown,
  organisationId: string,
): Promise<void> {
  const [keyColumn, valueColumn, into] = [key, column, table].map(quoted)
  const written = holds === 'json' ? JSON.stringify(value) : value
  const type = Prisma.raw(holds === 'json' ? 'jsonb' : 'text')
  await tx.$executeRaw`
    UPDATE ${into} SET ${valueColumn} = ${written}::${type}
    WHERE "organisationId" = ${organisationId}::uuid AND ${keyColumn} = ${row}::${Prisma.raw(keyType)}`
}
