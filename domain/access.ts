/** Who may do what: roles, permissions and scopes, without any I/O. */

export const roles = ['viewer', 'owner', 'reviewer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

export const permissions = [
  'apis.read',
  'apis.write',
  'gateways.read',
  'gateways.write',
  'sessions.read',
  'topology.read',
  'topology.write',
  'trust.read',
  'trust.write',
  'credentials.write',
  'revisions.read',
  'revisions.deploy',
  'reviews.read',
  'reviews.write',
  'reviews.sign',
  'audit.read',
  'organisation.read',
  'organisation.write',
  'secrets.rotate',
] as const
export type Permission = (typeof permissions)[number]

const reading: readonly Permission[] = [
  'apis.read',
  'gateways.read',
  'topology.read',
  'trust.read',
  'revisions.read',
  'reviews.read',
  'organisation.read',
]

/** What each role may do. A reviewer judges and changes nothing else; an operator runs gateways and deploys. */
export const grants: Record<Role, ReadonlySet<Permission>> = {
  viewer: new Set(reading),
  owner: new Set([
    ...reading,
    'apis.write',
    'topology.write',
    'trust.write',
    'credentials.write',
    'revisions.deploy',
    'reviews.write',
    'secrets.rotate',
  ]),
  reviewer: new Set([...reading, 'reviews.write', 'reviews.sign', 'audit.read']),
  operator: new Set([
    ...reading,
    'gateways.write',
    'sessions.read',
    'topology.write',
    'trust.write',
    'revisions.deploy',
    'reviews.write',
    'audit.read',
  ]),
  admin: new Set(permissions),
}

export const scopes = ['api.read', 'api.write'] as const
export type Scope = (typeof scopes)[number]

/** The scope that a machine's token must carry for a permission. */
export function scopeFor(permission: Permission): Scope {
  return permission.endsWith('.read') ? 'api.read' : 'api.write'
}

/** Says whether a role may do something. Unknown roles may do nothing. */
export function allows(role: string, permission: Permission): boolean {
  return Object.hasOwn(grants, role) && grants[role as Role].has(permission)
}
