import { Secret } from '#domain/secret.ts'
import type { Tx } from '../db.ts'
import { decrypted, encrypted } from './aes-gcm.ts'
import { sealingKey, unwrapped, type WrappedKey } from './data-keys.ts'
import { masterKeys } from './master-keys.ts'

/**
 * Secrets lie in the database sealed under a data key of their organisation (envelope encryption): a text names the
 * key that opens it. `purpose` is bound to it, so that one that was moved to another column does not open.
 */

const version = 'v2'
/** What was sealed before there were data keys, under a key-encryption key itself. */
const versionWithoutDataKey = 'v1'

export interface Opener {
  /** Throws where the text was altered, or sealed for something else or somebody else. */
  unseal(text: string, purpose: string): Secret
}

export interface Sealer extends Opener {
  seal(plain: string, purpose: string): string
  /** What every text begins with that it seals. */
  readonly mark: string
}

/** For where nothing is sealed, so that no key has to be read. */
export const noOpener: Opener = openerWith([])

/** Opens what was sealed for an organisation. Ask for it after what is to be opened was read. */
export async function openerOf(tx: Tx, organisationId: string | null): Promise<Opener> {
  // Without an organisation there are no data keys, only what is older than they are.
  if (organisationId === null) return openerWith([])
  return openerWith(await tx.dataKey.findMany({ where: { organisationId } }))
}

/** Seals for an organisation, inside the transaction that keeps what is sealed. */
export async function sealerOf(tx: Tx, organisationId: string): Promise<Sealer> {
  const current = await sealingKey(tx, organisationId)
  const mark = `${version}.${current.id}.`
  return {
    ...(await openerOf(tx, organisationId)),
    mark,
    seal: (plain, purpose) => mark + encrypted(Buffer.from(plain), unwrapped(current), purpose),
  }
}

function openerWith(rows: readonly WrappedKey[]): Opener {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return {
    unseal(text, purpose) {
      try {
        return new Secret(openedWith(byId, text, purpose).toString('utf8'))
      } catch (error) {
        throw new Error(`A secret (${purpose}) cannot be opened: ${messageOf(error)}`, { cause: error })
      }
    },
  }
}

function openedWith(byId: ReadonlyMap<string, WrappedKey>, text: string, purpose: string): Buffer {
  const [found = '', ...rest] = text.split('.')
  if (found === versionWithoutDataKey) return openedByMasterKey(rest.join('.'), purpose)
  const [keyId = '', ...sealed] = rest
  const row = byId.get(keyId)
  if (found !== version || row === undefined) throw new Error('it names no key of the organisation')
  return decrypted(sealed.join('.'), unwrapped(row), purpose)
}

// The tag tells which key it was: such a text does not name it.
function openedByMasterKey(sealed: string, purpose: string): Buffer {
  for (const { key } of masterKeys()) {
    try {
      return decrypted(sealed, key, purpose)
    } catch {
      // Another key, then.
    }
  }
  throw new Error('no known master key fits')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
