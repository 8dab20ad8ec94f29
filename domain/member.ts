import { z } from 'zod'
import { permissions, roles, scopes } from './access.ts'

/** Who asks, as GET /me answers. */
export const identity = z.object({
  kind: z.enum(['user', 'machine']),
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  permissions: z.array(z.enum(permissions)),
  /** Null for people in the browser, whom the role alone limits. */
  scopes: z.array(z.enum(scopes)).nullable(),
  organisation: z.object({ id: z.string(), slug: z.string(), name: z.string() }),
})

/** A login in some browser. */
export const loginSession = z.object({
  id: z.string(),
  current: z.boolean(),
  signedInAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
})

export const sessionList = z.object({ sessions: z.array(loginSession) })

/** A person with a role in the organisation. */
export const member = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  role: z.enum(roles),
  version: z.int(),
  since: z.iso.datetime(),
})
export const memberList = z.object({ members: z.array(member) })
export type Member = z.infer<typeof member>

export const newMember = z.strictObject({
  email: z.email('Give the e-mail address of somebody who has signed in once.').max(254),
  role: z.enum(roles),
})

export const changedRole = z.strictObject({ role: z.enum(roles) })

/** A client of the issuer that may act here by its own credentials. */
export const serviceAccount = z.object({
  id: z.string(),
  clientId: z.string(),
  name: z.string(),
  role: z.enum(roles),
  since: z.iso.datetime(),
})
export const serviceAccountList = z.object({ serviceAccounts: z.array(serviceAccount) })
export type ServiceAccountView = z.infer<typeof serviceAccount>

export const newServiceAccount = z.strictObject({
  clientId: z
    .string()
    .min(1, 'Give the client id as the issuer knows it.')
    .max(255)
    .regex(/^[\x21-\x7e]+$/, 'A client id has no spaces.'),
  name: z.string().trim().min(1, 'Give it a name.').max(80),
  role: z.enum(roles),
})
