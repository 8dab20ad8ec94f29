/** A number from 0 to below 1 that is always the same for the same text, and spread evenly over texts. */
export function shareOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  // The last mixing of MurmurHash3: FNV-1a alone leaves near texts near each other.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/**
 * Numbers from 0 to below 1 that fill it evenly from the first few on: by the golden ratio each falls into the
 * largest gap. Chance would take 10,000 requests to come as near to a share as this does with 100.
 */
export function evenShares(): () => number {
  let share = Math.random()
  return () => (share = (share + GOLDEN) % 1)
}

const GOLDEN = (Math.sqrt(5) - 1) / 2
