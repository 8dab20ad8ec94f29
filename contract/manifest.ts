import canonicalize from 'canonicalize'
import { z } from 'zod'

/** What a gateway should serve: which items, by hash, under which revision. Signed with Ed25519 over its canonical JSON. */

export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/)

export const manifest = z.strictObject({
  gatewayId: z.string(),
  /** Rises with every publication, roll-backs too. */
  revision: z.int().min(1),
  /** Item id (`api:…`, `upstream:…`) to the SHA-256 of its canonical JSON. */
  items: z.record(z.string(), sha256Hex),
  /** SHA-256 of the canonical JSON of `items`: equal hashes mean equal configuration, whatever the revision. */
  hash: sha256Hex,
  publishedAt: z.iso.datetime(),
})
export type Manifest = z.infer<typeof manifest>

export const signedManifest = z.strictObject({
  manifest,
  /** Base64url of the 64 bytes of an Ed25519 signature. */
  signature: z.string(),
  keyId: z.string(),
})
export type SignedManifest = z.infer<typeof signedManifest>

/** Canonical JSON (RFC 8785): the bytes that are hashed and signed. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('not representable as JSON')
  return text
}

/** What items are named by: id to hash. */
export type Hashes = Manifest['items']

// Of items that stand in order, which are never changed in place.
const texts = new WeakMap<Hashes, string>()

/** The same, in the order of canonical JSON. */
export function inOrder(hashes: Hashes): Hashes {
  if (texts.has(hashes) || isInOrder(Object.keys(hashes))) return hashes
  return Object.fromEntries(Object.entries(hashes).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

// By code units, as canonical JSON has it.
function isInOrder(ids: readonly string[]): boolean {
  return ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') < id)
}

/**
 * The canonical JSON of a manifest's items. There are thousands of them: where they stand in order, which they do
 * when they were read from such a text, the engine's own JSON is the same and takes a fraction of the time.
 */
export function itemsJson(hashes: Hashes): string {
  const known = texts.get(hashes)
  if (known !== undefined) return known
  const ids = Object.keys(hashes)
  if (!isInOrder(ids) || !ids.every((id) => id.isWellFormed())) return canonicalJson(hashes)
  return noteJson(hashes, JSON.stringify(hashes))
}

/** Notes the canonical JSON of items that stand in its order. */
export function noteJson(hashes: Hashes, json: string): string {
  texts.set(hashes, json)
  return json
}

/**
 * The canonical JSON of a manifest, around that of its items: the manifest's own hash is made of the latter, and
 * with thousands of items it takes long to make.
 */
export function manifestJson(
  { gatewayId, hash, publishedAt, revision }: Omit<Manifest, 'items'>,
  itemsJson: string,
): string {
  const before = canonicalJson({ gatewayId, hash }).slice(0, -1)
  const after = canonicalJson({ publishedAt, revision }).slice(1)
  return `${before},"items":${itemsJson},${after}`
}
