import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { env } from '../env.ts'

/** A key-encryption key: it wraps data keys and stands outside the database. */
export interface MasterKey {
  /** The beginning of its SHA-256, which tells keys apart and tells nothing of them. */
  readonly id: string
  readonly key: Buffer
}

/**
 * The key-encryption keys that are known, the one that wraps first. A file is read anew each time, so that a key can
 * be put into it while the portal runs.
 */
export function masterKeys(): readonly [MasterKey, ...MasterKey[]] {
  const { HEXGATE_MASTER_KEY: given, HEXGATE_MASTER_KEY_FILE: file } = env()
  const where = file === undefined ? 'HEXGATE_MASTER_KEY' : `HEXGATE_MASTER_KEY_FILE (${file})`
  const [first, ...others] = keysIn(given ?? textOf(file ?? ''), where)
  if (first === undefined) throw new Error(`${where} holds no key.`)
  return [first, ...others]
}

/** Keys in base64, divided by commas or white space. Throws an Error that shows none of them. */
function keysIn(text: string, where: string): MasterKey[] {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '')
  return parts.map((part, index) => {
    const key = Buffer.from(part, 'base64')
    if (key.length !== 32) throw new Error(`Key ${index + 1} of ${where} is not 32 bytes in base64.`)
    return { id: hash('sha256', key, 'hex').slice(0, 16), key }
  })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`HEXGATE_MASTER_KEY_FILE cannot be read: ${reason}`, { cause: error })
  }
}
