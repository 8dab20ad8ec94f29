import { randomBytes, randomInt } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import {
  type Account,
  hashPassword,
  newAccount,
  passwordFits,
  readAccounts,
  writeAccounts,
} from './accounts.ts'
import { readJson, writeJson } from './files.ts'
import { loadKeys } from './keys.ts'

const client = z.object({ id: z.string().min(1), secret: z.string().min(32) })
const clientsFile = z.object({ portal: client, pipeline: client })

/** A confidential client of the provider, as its other end must be configured. */
export type ClientCredentials = z.infer<typeof client>

export interface PreparedSts {
  /** The one password of all demo accounts, for the terminal; never logged by the provider itself. */
  password: string
  accounts: { email: string; role: string }[]
  /** For the portal: OIDC_CLIENT_ID and OIDC_CLIENT_SECRET. */
  portalClient: ClientCredentials
  /** For scripts: client credentials with the scopes api.read and api.write. */
  pipelineClient: ClientCredentials
}

const demoAccounts = [
  { email: 'owner@demo.hexgate.test', name: 'Olivia Owner', role: 'owner' },
  { email: 'reviewer@demo.hexgate.test', name: 'Ravi Reviewer', role: 'reviewer' },
  { email: 'operator@demo.hexgate.test', name: 'Oscar Operator', role: 'operator' },
  { email: 'admin@demo.hexgate.test', name: 'Ada Admin', role: 'admin' },
] as const

const passwordFile = z.object({ password: z.string().min(1) })

/**
 * Makes whatever the data folder lacks: keys, clients, demo accounts and their password. What is there stays,
 * so calling it at every start is right. A password that is given replaces the one before it.
 */
export async function prepareSts(
  dataFolder: string,
  options: { password?: string } = {},
): Promise<PreparedSts> {
  await loadKeys(dataFolder)
  const clients = await loadClients(dataFolder)
  const password = await settlePassword(dataFolder, options.password)
  const accounts = await settleAccounts(dataFolder, password)
  return {
    password,
    accounts: accounts.map(({ email, role }) => ({ email, role })),
    portalClient: clients.portal,
    pipelineClient: clients.pipeline,
  }
}

/** The clients of the data folder, made at first use. */
export async function loadClients(dataFolder: string): Promise<z.output<typeof clientsFile>> {
  const file = path.join(dataFolder, 'clients.json')
  const existing = await readJson(file, clientsFile)
  if (existing) return existing
  const made = {
    portal: { id: 'hexgate-portal', secret: randomBytes(32).toString('base64url') },
    pipeline: { id: 'hexgate-pipeline', secret: randomBytes(32).toString('base64url') },
  }
  await writeJson(file, made)
  return made
}

// Kept readable for its owner, beside the keys, so that a later start can show it again.
async function settlePassword(dataFolder: string, given: string | undefined): Promise<string> {
  const file = path.join(dataFolder, 'demo-password.json')
  const existing = (await readJson(file, passwordFile))?.password
  const password = given ?? existing ?? easyPassword()
  if (password !== existing) await writeJson(file, { password })
  return password
}

async function settleAccounts(dataFolder: string, password: string): Promise<Account[]> {
  const existing = await readAccounts(dataFolder)
  const settled: Account[] = []
  for (const demo of demoAccounts) {
    const known = existing.find(({ email }) => email === demo.email)
    if (!known) settled.push(await newAccount(demo, password))
    else if (await passwordFits(password, known.password)) settled.push(known)
    else settled.push({ ...known, password: await hashPassword(password) })
  }
  const others = existing.filter(({ email }) => !demoAccounts.some((demo) => demo.email === email))
  const all = [...settled, ...others]
  if (JSON.stringify(all) !== JSON.stringify(existing)) await writeAccounts(dataFolder, all)
  return settled
}

// No letters that are read for another: 16 of 31 are 79 bits.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'

function easyPassword(): string {
  const group = () => Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join('')
  return [group(), group(), group(), group()].join('-')
}
