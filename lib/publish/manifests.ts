import { inOrder, type Manifest } from '#contract/manifest.ts'
import type { Tx } from '../db.ts'

// A manifest names every item of a gateway: with thousands of APIs it has a megabyte, which takes longer to read and
// parse than everything else that a deployment asks of the database. The row that it stands in never changes.
const keptMax = 8

// Next loads this module once for each of its bundles, and the hub has it too; what one has read serves all.
const holder = globalThis as { hexgateManifests?: Map<string, Manifest> }

function kept(): Map<string, Manifest> {
  holder.hexgateManifests ??= new Map()
  return holder.hexgateManifests
}

/** Keeps the manifest of a revision, by the id of its row, in the place of the one that was used longest ago. */
export function keepManifest(revisionId: string, manifest: Manifest): void {
  const manifests = kept()
  manifests.delete(revisionId)
  manifests.set(revisionId, manifest)
  const [oldest] = manifests.keys()
  if (manifests.size > keptMax && oldest !== undefined) manifests.delete(oldest)
}

/** The manifest in a revision's row. */
export async function manifestIn(tx: Tx, revisionId: string): Promise<Manifest> {
  const known = kept().get(revisionId)
  const manifest = known ?? (await readManifest(tx, revisionId))
  keepManifest(revisionId, manifest)
  return manifest
}

async function readManifest(tx: Tx, id: string): Promise<Manifest> {
  const { manifest } = await tx.revision.findUniqueOrThrow({ where: { id }, select: { manifest: true } })
  // Made by this folder; to parse thousands of hashes again takes longer than to read them.
  const known = manifest as Manifest
  // The database has members in an order of its own.
  return { ...known, items: inOrder(known.items) }
}
