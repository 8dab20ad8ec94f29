import { z } from 'zod'
import { type Hashes, inOrder, manifest, sha256Hex, signedManifest } from './manifest.ts'

/** A manifest said as what differs from another one: of thousands of items an edit changes a few. */

export const manifestChange = z.strictObject({
  /** New items, and those that have changed. */
  set: z.record(z.string(), sha256Hex),
  removed: z.array(z.string()),
})
export type ManifestChange = z.infer<typeof manifestChange>

export const signedDelta = z.strictObject({
  ...signedManifest.shape,
  manifest: manifest.omit({ items: true }),
  /** The hash of the manifest from which it differs. */
  from: sha256Hex,
  change: manifestChange,
})
export type SignedDelta = z.infer<typeof signedDelta>

/** What has to be done to the items of one manifest to have those of another. */
export function changeBetween(before: Hashes, after: Hashes): ManifestChange {
  const set = Object.entries(after).filter(([id, hash]) => before[id] !== hash)
  const removed = Object.keys(before).filter((id) => after[id] === undefined)
  return { set: Object.fromEntries(set), removed }
}

/** The items of the other manifest. */
export function changed(before: Hashes, { set, removed }: ManifestChange): Hashes {
  const hashes = { ...before, ...set }
  for (const id of removed) delete hashes[id]
  return inOrder(hashes)
}
