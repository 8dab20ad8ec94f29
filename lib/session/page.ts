import { headers } from 'next/headers'
import { forbidden, redirect } from 'next/navigation'
import { cache } from 'react'
import { allows, type Permission } from '#domain/access.ts'
import { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { toProblem } from '../endpoint.ts'
import { authenticate } from './authenticate.ts'
import { localPath } from './login.ts'

// One judgement for all the parts of a page.
const judge = cache(async (): Promise<Actor | Problem | null> => {
  try {
    return await authenticate(await headers())
  } catch (error) {
    const problem = toProblem(error)
    if (problem.code === 'internal') throw error
    return problem
  }
})

/** Why nobody may enter just now; null when somebody may, or nobody has signed in. */
export async function entryProblem(): Promise<Problem | null> {
  const judged = await judge()
  return judged instanceof Problem ? judged : null
}

/** Who looks at the page; null when nobody is signed in or may enter. */
export async function currentActor(): Promise<Actor | null> {
  const judged = await judge()
  return judged instanceof Problem ? null : judged
}

/**
 * Who looks at the page, for server components. Nobody is sent to sign in and comes back; whoever may not see it
 * gets the forbidden page.
 */
export async function requireActor(permission?: Permission): Promise<Actor> {
  const judged = await judge()
  if (judged === null) return toSignIn(null)
  if (judged instanceof Problem) {
    if (judged.code === 'access.no-membership') forbidden()
    if (judged.code === 'issuer.unavailable') return toSignIn('unavailable')
    if (judged.status === 401) return toSignIn('ended')
    throw judged
  }
  if (permission && !allows(judged.role, permission)) forbidden()
  return judged
}

async function toSignIn(error: string | null): Promise<never> {
  const next = localPath((await headers()).get('x-hexgate-path'))
  const query = new URLSearchParams({ ...(next !== '/' && { next }), ...(error && { error }) })
  redirect(query.size > 0 ? `/signin?${query}` : '/signin')
}
