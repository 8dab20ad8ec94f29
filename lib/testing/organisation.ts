import { randomUUID } from 'node:crypto'
import type { Role } from '#domain/access.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'

/** An organisation in the database, with a member for each role that is asked for. */
export interface TestOrganisation {
  organisation: { id: string; slug: string; name: string }
  environment: { id: string; name: string }
  gateway: { id: string; name: string }
  /** Somebody with that role, as lib/session would make them out of a request. */
  actor: (role: Role) => Promise<Actor>
}

/** Makes an organisation with one environment and one gateway. */
export async function testOrganisation(): Promise<TestOrganisation> {
  const slug = `org-${randomUUID().slice(0, 8)}`
  const organisation = await db().organisation.create({ data: { slug, name: `Organisation ${slug}` } })
  const organisationId = organisation.id
  const environment = await db().environment.create({
    data: { organisationId, name: 'development', kind: 'development' },
  })
  const gateway = await db().gateway.create({
    data: {
      organisationId,
      environmentId: environment.id,
      name: 'edge',
      publicUrl: 'http://localhost:8081',
      listeners: [{ id: 'http', protocol: 'http', address: '127.0.0.1', port: 8081 }],
    },
  })
  return { organisation, environment, gateway, actor: (role) => member(organisationId, role) }
}

async function member(organisationId: string, role: Role): Promise<Actor> {
  const subject = `${role}-${randomUUID()}`
  const user = await db().user.create({
    data: {
      issuer: 'urn:test',
      subject,
      name: `Test ${role}`,
      email: `${subject}@example.org`,
      memberships: { create: { organisationId, role } },
    },
  })
  return {
    kind: 'user',
    id: user.id,
    name: user.name,
    organisationId,
    role,
    scopes: null,
    sessionId: `session-${user.id}`,
  }
}
