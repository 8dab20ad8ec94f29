import { describe, expect, it } from 'vitest'
import { allows, grants, permissions, roles, scopeFor } from './access.ts'

describe('access', () => {
  it('lets an admin do everything and an unknown role nothing', () => {
    for (const permission of permissions) {
      expect(allows('admin', permission)).toBe(true)
      expect(allows('root', permission)).toBe(false)
      expect(allows('constructor', permission)).toBe(false)
    }
  })

  it('lets viewers change nothing, and reviewers nothing but what they say themselves', () => {
    const writing = (role: 'reviewer' | 'viewer') =>
      [...grants[role]].filter((permission) => !permission.endsWith('.read'))
    expect(writing('viewer')).toEqual([])
    expect(writing('reviewer')).toEqual(['reviews.write', 'reviews.sign'])
  })

  it('lets nobody sign off who builds or deploys, but for an admin, who is refused their own changes', () => {
    expect(roles.filter((role) => allows(role, 'reviews.sign'))).toEqual(['reviewer', 'admin'])
  })

  it('lets an owner deploy but not run gateways, and an operator deploy but not edit APIs', () => {
    expect(allows('owner', 'revisions.deploy')).toBe(true)
    expect(allows('owner', 'gateways.write')).toBe(false)
    expect(allows('operator', 'revisions.deploy')).toBe(true)
    expect(allows('operator', 'apis.write')).toBe(false)
  })

  it('asks the writing scope for everything that does not only read', () => {
    for (const permission of permissions) {
      expect(scopeFor(permission)).toBe(permission.endsWith('.read') ? 'api.read' : 'api.write')
    }
    expect(roles).toHaveLength(Object.keys(grants).length)
  })
})
