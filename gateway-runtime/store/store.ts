import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import { type SignedManifest, signedManifest } from '#contract/manifest.ts'
import { folderKey, lockFolder, makePrivateFolder, readIfThere, writeDurably } from './files.ts'
import { openLines, sealLines } from './sealed.ts'

/** Who this node is, and whose signatures it trusts. */
export const identity = z.object({
  installationId: z.uuid(),
  registered: z
    .object({
      nodeId: z.string(),
      gatewayId: z.string(),
      gatewayName: z.string(),
      signingKeys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })).min(1),
    })
    .optional(),
})
export type Identity = z.infer<typeof identity>

/** A configuration as it was accepted: what was signed, and the canonical JSON of each item. */
export interface Accepted {
  readonly signed: SignedManifest
  readonly items: readonly string[]
}

const firstLine = z.object({ identity, signed: signedManifest })

const generationsKept = 3
const certificatesFile = 'certificates.sealed'
const generationName = /^(\d{10})-(\d{10})\.sealed$/

interface Generation {
  readonly sequence: number
  readonly revision: number
  readonly file: string
}

/**
 * The last configurations that this node accepted, sealed in its data folder, so that it serves after a restart
 * without the portal. Three generations are kept; one that cannot be read gives way to the one before.
 */
export class Store {
  readonly #folder: string
  readonly #key: Buffer
  readonly #log: Logger
  readonly #unlock: () => Promise<void>
  #identity: Identity
  #sequence: number

  private constructor(
    folder: string,
    key: Buffer,
    log: Logger,
    unlock: () => Promise<void>,
    found: { identity: Identity; sequence: number },
  ) {
    this.#folder = folder
    this.#key = key
    this.#log = log
    this.#unlock = unlock
    this.#identity = found.identity
    this.#sequence = found.sequence
  }

  /** Opens the folder for this process alone, and makes what is missing. */
  static async open(folder: string, log: Logger): Promise<Store> {
    await makePrivateFolder(join(folder, 'generations'))
    const unlock = await lockFolder(join(folder, 'lock'))
    try {
      const key = await folderKey(join(folder, 'key'))
      const generations = await generationsIn(folder)
      await removeLeftovers(folder)
      const { identity, isKept } = await readIdentity(folder, key, generations, log)
      const store = new Store(folder, key, log, unlock, { identity, sequence: generations[0]?.sequence ?? 0 })
      // On a full disk a node that has a configuration serves it all the same.
      if (!isKept) await store.saveIdentity(identity)
      return store
    } catch (error) {
      await unlock()
      throw error
    }
  }

  get identity(): Identity {
    return this.#identity
  }

  async saveIdentity(identity: Identity): Promise<void> {
    await writeDurably(
      join(this.#folder, 'identity.sealed'),
      sealLines(this.#key, 'identity', [JSON.stringify(identity)]),
    )
    this.#identity = identity
  }

  /** The certificates that this node keeps, as they were kept last; undefined where there are none yet. */
  async readCertificates(): Promise<unknown> {
    const sealed = await readIfThere(join(this.#folder, certificatesFile))
    if (sealed === undefined) return undefined
    return JSON.parse(openLines(this.#key, 'certificates', sealed)[0] ?? '')
  }

  async saveCertificates(certificates: unknown): Promise<void> {
    const lines = [JSON.stringify(certificates)]
    await writeDurably(join(this.#folder, certificatesFile), sealLines(this.#key, 'certificates', lines))
  }

  /** Keeps a configuration as the newest generation. When it throws, the generations before are as they were. */
  async save({ signed, items }: Accepted): Promise<void> {
    const sequence = this.#sequence + 1
    const file = `${padded(sequence)}-${padded(signed.manifest.revision)}.sealed`
    const head = JSON.stringify({ identity: this.#identity, signed })
    await writeDurably(
      join(this.#folder, 'generations', file),
      sealLines(this.#key, purposeOf(sequence), [head, ...items]),
    )
    this.#sequence = sequence
    const generations = await generationsIn(this.#folder)
    for (const old of generations.slice(generationsKept)) {
      await rm(join(this.#folder, 'generations', old.file), { force: true })
    }
  }

  /**
   * The generations, newest first, that can be read and are of this gateway. Each that cannot be used is
   * logged with its reason and the one that is tried instead.
   */
  async *generations(): AsyncGenerator<Accepted> {
    const generations = await generationsIn(this.#folder)
    for (const [index, generation] of generations.entries()) {
      const instead = generations[index + 1]?.file
      try {
        yield await this.#read(generation)
      } catch (error) {
        const next = instead === undefined ? 'there is none before it' : `falling back to ${instead}`
        const reason = error instanceof Error ? error.message : String(error)
        this.#log.error(
          { code: 'store.generation-unreadable', generation: generation.file, fallback: instead ?? null },
          `generation ${generation.file} cannot be used: ${reason}; ${next}`,
        )
      }
    }
  }

  /** The revision of the newest generation, known by its name even where it cannot be read any more. */
  async newestRevision(): Promise<number> {
    return (await generationsIn(this.#folder))[0]?.revision ?? 0
  }

  /** Gives the folder free for another process. */
  close(): Promise<void> {
    return this.#unlock()
  }

  async #read({ file, sequence }: Generation): Promise<Accepted> {
    const sealed = (await readIfThere(join(this.#folder, 'generations', file))) ?? Buffer.alloc(0)
    const [head = '', ...items] = openLines(this.#key, purposeOf(sequence), sealed)
    const { signed } = firstLine.parse(JSON.parse(head))
    const own = this.#identity.registered?.gatewayId
    if (signed.manifest.gatewayId !== own) throw new Error(`it is of gateway ${signed.manifest.gatewayId}`)
    return { signed, items }
  }
}

function purposeOf(sequence: number): string {
  return `generation ${sequence}`
}

function padded(number: number): string {
  return String(number).padStart(10, '0')
}

async function generationsIn(folder: string): Promise<Generation[]> {
  const files = await readdir(join(folder, 'generations'))
  return files
    .flatMap((file) => {
      const match = generationName.exec(file)
      return match === null ? [] : [{ file, sequence: Number(match[1]), revision: Number(match[2]) }]
    })
    .toSorted((a, b) => b.sequence - a.sequence)
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const place of [folder, join(folder, 'generations')]) {
    const leftovers = (await readdir(place)).filter((file) => file.endsWith('.tmp'))
    for (const file of leftovers) await rm(join(place, file), { force: true })
  }
}

/** The identity from its own file, else from the newest generation that can be read, else a new one. */
async function readIdentity(
  folder: string,
  key: Buffer,
  generations: readonly Generation[],
  log: Logger,
): Promise<{ identity: Identity; isKept: boolean }> {
  const sealed = await readIfThere(join(folder, 'identity.sealed'))
  const fresh = { identity: { installationId: randomUUID() }, isKept: false }
  if (sealed === undefined && generations.length === 0) return fresh
  try {
    if (sealed === undefined) throw new Error('it is missing')
    const known = identity.parse(JSON.parse(openLines(key, 'identity', sealed)[0] ?? ''))
    return { identity: known, isKept: true }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.error({ code: 'store.identity-unreadable' }, `the identity cannot be read: ${reason}`)
  }
  for (const { file, sequence } of generations) {
    const kept = await readIfThere(join(folder, 'generations', file))
    try {
      const [head = ''] = openLines(key, purposeOf(sequence), kept ?? Buffer.alloc(0))
      return { identity: firstLine.parse(JSON.parse(head)).identity, isKept: false }
    } catch {
      // The generation itself is reported when it is to be served.
    }
  }
  return fresh
}
