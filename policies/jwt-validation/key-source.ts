import type { Algorithm, VerificationKey } from './key.ts'

/** Where the keys for a token come from. */
export interface KeySource {
  /**
   * Changes whenever a key may have gone, so that what was verified before has to be verified again; undefined while
   * there are no keys that may be used. Called with every request, it also begins what is due.
   */
  generation(): number | undefined
  /** The keys that a token may be signed with; undefined where no keys are to be had. */
  find(keyId: string | undefined, algorithm: Algorithm): Promise<readonly VerificationKey[] | undefined>
  /** Looks for newer keys, seldom; true where it did. For tokens without a key id that no key verified. */
  renew(): Promise<boolean>
}

/** One key, out of the configuration. It is taken whatever id a token names, for it may have none itself. */
export function fixedSource(key: VerificationKey): KeySource {
  return {
    generation: () => 0,
    find: async (_keyId, algorithm) => (key.fits(algorithm) ? [key] : []),
    renew: async () => false,
  }
}

/** Several key sets as one. */
export function joinedSource(sources: readonly KeySource[]): KeySource {
  const [only] = sources
  if (sources.length === 1 && only !== undefined) return only
  const seen: (number | undefined)[] = sources.map(() => undefined)
  let generation = 0
  return {
    generation() {
      let isUsable = false
      for (const [index, source] of sources.entries()) {
        const now = source.generation()
        if (now !== undefined) isUsable = true
        if (now !== seen[index]) generation++
        seen[index] = now
      }
      return isUsable ? generation : undefined
    },
    async find(keyId, algorithm) {
      const found = await Promise.all(sources.map((source) => source.find(keyId, algorithm)))
      return found.every((keys) => keys === undefined) ? undefined : found.flatMap((keys) => keys ?? [])
    },
    async renew() {
      return (await Promise.all(sources.map((source) => source.renew()))).includes(true)
    },
  }
}
