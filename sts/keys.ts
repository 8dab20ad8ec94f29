import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import { readJson, writeJson } from './files.ts'

const keysFile = z.object({
  signing: z.array(z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string() })).min(1),
  cookies: z.array(z.string().min(32)).min(1),
})

export type Keys = z.output<typeof keysFile>

/** The provider's keys, made at first use and kept from then on. */
export async function loadKeys(folder: string): Promise<Keys> {
  const file = path.join(folder, 'keys.json')
  const existing = await readJson(file, keysFile)
  if (existing) return existing
  const made = makeKeys()
  await writeJson(file, made)
  return made
}

function makeKeys(): Keys {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  return keysFile.parse({
    signing: [
      { ...rsa.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' },
      { ...ec.export({ format: 'jwk' }), kid: randomUUID(), alg: 'ES256', use: 'sig' },
    ],
    cookies: [randomBytes(32).toString('base64url')],
  })
}
