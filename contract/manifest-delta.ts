import { z } from 'zod'
import { type Hashes, inOrder, itemsJson, manifest, noteJson, sha256Hex, signedManifest } from './manifest.ts'

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

// To compare thousands of items takes longer than all else that is done for an edit, and several ask for the same.
// Weak, or each revision would keep all those before it.
const changes = new WeakMap<Hashes, { readonly before: WeakRef<Hashes>; readonly change: ManifestChange }>()

function note(before: Hashes, after: Hashes, change: ManifestChange): ManifestChange {
  changes.set(after, { before: new WeakRef(before), change })
  return change
}

/** What has to be done to the items of one manifest to have those of another. */
export function changeBetween(before: Hashes, after: Hashes): ManifestChange {
  const known = changes.get(after)
  if (known?.before.deref() === before) return known.change
  const set = Object.entries(after).filter(([id, hash]) => before[id] !== hash)
  const removed = Object.keys(before).filter((id) => after[id] === undefined)
  return note(before, after, { set: Object.fromEntries(set), removed })
}

/** The items of the other manifest, in order. */
export function changed(before: Hashes, change: ManifestChange): Hashes {
  const hashes = { ...before, ...change.set }
  for (const id of change.removed) delete hashes[id]
  const after = inOrder(hashes)
  note(before, after, change)
  return after
}

/** Each change is looked for in the text; more of them than this are quicker made anew. */
const spliceMax = 50

/**
 * The canonical JSON of the items of the other manifest, made of that of the first; undefined where an item comes or
 * goes, or many change, so that it has to be made anew.
 */
export function changedJson(json: string, { set, removed }: ManifestChange): string | undefined {
  const entries = Object.entries(set)
  if (removed.length > 0 || entries.length > spliceMax) return undefined
  let text = json
  for (const [id, hash] of entries) {
    const at = valueAt(text, id)
    if (at === undefined) return undefined
    text = text.slice(0, at) + hash + text.slice(at + hash.length)
  }
  return text
}

// Where the hash stands. A quote inside a name is escaped, so that a name begins after a comma or at the start alone.
function valueAt(text: string, id: string): number | undefined {
  const named = `${JSON.stringify(id)}:"`
  if (text.startsWith(named, 1)) return 1 + named.length
  const at = text.indexOf(`,${named}`)
  return at === -1 ? undefined : at + 1 + named.length
}

/** Both, for whoever has the first manifest at hand. */
export function changedWithJson(before: Hashes, change: ManifestChange): Hashes {
  const after = changed(before, change)
  const json = changedJson(itemsJson(before), change)
  if (json !== undefined) noteJson(after, json)
  return after
}
