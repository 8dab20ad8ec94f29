import { randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto'
import path from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { readJson, writeJson } from './files.ts'

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
)

const passwordHash = z.object({
  algorithm: z.literal('scrypt'),
  N: z.int().min(2 ** 14),
  r: z.int().min(8),
  p: z.int().min(1),
  salt: z.string(),
  hash: z.string(),
})
export type PasswordHash = z.infer<typeof passwordHash>

const account = z.object({
  id: z.uuid(),
  email: z.email(),
  name: z.string().min(1),
  role: z.string().min(1),
  password: passwordHash,
})
export type Account = z.infer<typeof account>

const cost = { N: 2 ** 15, r: 8, p: 1 }
const hashBytes = 32

/** The accounts of the data folder; empty before the first `prepareSts`. */
export async function readAccounts(folder: string): Promise<Account[]> {
  return (await readJson(accountsFile(folder), z.array(account))) ?? []
}

export async function writeAccounts(folder: string, accounts: readonly Account[]): Promise<void> {
  await writeJson(accountsFile(folder), accounts)
}

export async function newAccount(
  named: { email: string; name: string; role: string },
  password: string,
): Promise<Account> {
  return { id: randomUUID(), ...named, password: await hashPassword(password) }
}

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16)
  const hash = await run(password, salt, cost)
  return {
    algorithm: 'scrypt',
    ...cost,
    salt: salt.toString('base64url'),
    hash: hash.toString('base64url'),
  }
}

/** The account that the e-mail address and the password belong to, or null. Both answers take as long. */
export async function signIn(
  accounts: readonly Account[],
  email: string,
  password: string,
): Promise<Account | null> {
  const wanted = email.trim().toLowerCase()
  const found = accounts.find((candidate) => candidate.email.toLowerCase() === wanted)
  const right = await passwordFits(password, found?.password ?? nobodysPassword)
  return found && right ? found : null
}

/** Says whether a password is the one that was hashed. */
export async function passwordFits(password: string, stored: PasswordHash): Promise<boolean> {
  const expected = Buffer.from(stored.hash, 'base64url')
  const { N, r, p } = stored
  const actual = await run(password, Buffer.from(stored.salt, 'base64url'), { N, r, p })
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

// Compared with when the address is unknown, so that the time taken does not tell.
const nobodysPassword: PasswordHash = {
  algorithm: 'scrypt',
  ...cost,
  salt: randomBytes(16).toString('base64url'),
  hash: randomBytes(hashBytes).toString('base64url'),
}

// Each derivation takes 32 MiB; many at once would be a cheap way to exhaust the process.
const atOnceMax = 4
let running = 0
const queue: (() => void)[] = []

async function run(password: string, salt: Buffer, { N, r, p }: typeof cost): Promise<Buffer> {
  if (running >= atOnceMax) await new Promise<void>((resolve) => queue.push(resolve))
  running += 1
  try {
    return await derive(password.normalize('NFC'), salt, hashBytes, { N, r, p, maxmem: 256 * N * r })
  } finally {
    running -= 1
    queue.shift()?.()
  }
}

function accountsFile(folder: string): string {
  return path.join(folder, 'accounts.json')
}
