import { allows, type Permission, type Role, type Scope, scopeFor } from '#domain/access.ts'
import { Problem } from '#domain/problem.ts'

/** Who acts, in which organisation, and as what. Made by lib/session alone. */
export interface Actor {
  readonly kind: 'user' | 'machine'
  readonly id: string
  readonly name: string
  readonly organisationId: string
  readonly role: Role
  /** What a machine's token was granted; a person in the browser is limited by the role alone. */
  readonly scopes: ReadonlySet<Scope> | null
  /** The browser session, for rooms and logout. */
  readonly sessionId: string | null
}

/** Refuses unless the actor's role, and a machine's token, allow it. */
export function requirePermission(actor: Actor, permission: Permission): void {
  if (!allows(actor.role, permission)) {
    throw new Problem('access.denied', `The role ${actor.role} may not do this (${permission}).`)
  }
  const scope = scopeFor(permission)
  if (actor.scopes && !actor.scopes.has(scope)) {
    throw new Problem('token.scope', `The token lacks the scope ${scope}.`)
  }
}
