import type { Actor } from '../actor.ts'

/** The actor behind a session cookie or a bearer token; null when the request carries neither. */
export async function authenticate(_headers: Headers): Promise<Actor | null> {
  return null
}
