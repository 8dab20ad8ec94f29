import { z } from 'zod'

/** The keys that an organisation's secrets are sealed under, by their ids alone. */

export const dataKeyList = z.object({
  /** Of this process: the first one wraps, the others only open. */
  masterKeys: z.array(z.string()),
  /** Newest first. */
  dataKeys: z.array(
    z.object({
      id: z.string(),
      /** The master key that it is wrapped under. */
      masterKeyId: z.string(),
      createdAt: z.iso.datetime(),
      /** Nothing is sealed under it since; null for the one that seals. */
      retiredAt: z.iso.datetime().nullable(),
    }),
  ),
})

/** What became of the secrets when a key took the place of another. */
export const resealing = z.object({
  /** Data keys that were wrapped anew. */
  rewrapped: z.int(),
  /** Places that lay under another data key, or under none. */
  resealed: z.int(),
  /** Places that no known key opens; the portal's log names them. */
  unreadable: z.int(),
})

export type DataKeyList = z.infer<typeof dataKeyList>
export type Resealing = z.infer<typeof resealing>
