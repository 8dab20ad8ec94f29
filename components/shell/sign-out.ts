import { z } from 'zod'

const answer = z.object({ location: z.string() })

/** Ends the session here, then leaves for the place that ends it at the issuer too. */
export async function signOut(): Promise<void> {
  const response = await fetch('/api/auth/logout', {
    method: 'POST',
    headers: { accept: 'application/json' },
  })
  if (!response.ok) throw new Error(`Signing out was answered with ${response.status}.`)
  window.location.assign(answer.parse(await response.json()).location)
}
