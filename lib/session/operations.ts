import { z } from 'zod'
import {
  changedRole,
  identity,
  loginSession,
  member,
  newMember,
  newServiceAccount,
  serviceAccount,
} from '#domain/member.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { addMember, changeRole, listMembers, removeMember } from './members.ts'
import { endOwnSession, listOwnSessions, readIdentity } from './own-sessions.ts'
import { addServiceAccount, listServiceAccounts, removeServiceAccount } from './service-accounts.ts'

const yours = 'You'
const organisation = 'Organisation'
const ofMember = z.object({ memberId: z.uuid() })
const ofServiceAccount = z.object({ serviceAccountId: z.uuid() })
const ofSession = z.object({ sessionId: z.string().regex(/^[\w-]{22}$/, 'Give an id from the list.') })

/** Who one is, one's logins, and who else may enter. */
export const sessionOperations: readonly Operation[] = [
  endpoint({
    id: 'me.read',
    method: 'GET',
    path: '/me',
    tag: yours,
    summary: 'Who you are and what you may do',
    access: 'organisation.read',
    output: identity,
    run: (_input, { actor }) => readIdentity(actor),
  }),
  endpoint({
    id: 'sessions.list',
    method: 'GET',
    path: '/sessions',
    tag: yours,
    summary: 'Your logins that are still good',
    access: 'organisation.read',
    output: z.array(loginSession),
    run: (_input, { actor }) => listOwnSessions(actor),
  }),
  endpoint({
    id: 'sessions.end',
    method: 'DELETE',
    path: '/sessions/{sessionId}',
    tag: yours,
    summary: 'End one of your logins',
    access: 'organisation.read',
    params: ofSession,
    output: z.void(),
    status: 204,
    run: ({ params }, { actor }) => endOwnSession(params.sessionId, actor),
  }),
  endpoint({
    id: 'members.list',
    method: 'GET',
    path: '/members',
    tag: organisation,
    summary: 'The people of the organisation',
    access: 'organisation.read',
    output: z.array(member),
    run: (_input, { actor }) => listMembers(actor),
  }),
  endpoint({
    id: 'members.add',
    method: 'POST',
    path: '/members',
    tag: organisation,
    summary: 'Let somebody in who has signed in once',
    access: 'organisation.write',
    body: newMember,
    output: member,
    status: 201,
    run: ({ body }, { actor }) => addMember(body, actor),
  }),
  endpoint({
    id: 'members.change-role',
    method: 'PUT',
    path: '/members/{memberId}/role',
    tag: organisation,
    summary: 'Give a member another role',
    access: 'organisation.write',
    params: ofMember,
    body: changedRole,
    output: member,
    run: ({ params, body }, { actor }) => changeRole(params.memberId, body.role, actor),
  }),
  endpoint({
    id: 'members.remove',
    method: 'DELETE',
    path: '/members/{memberId}',
    tag: organisation,
    summary: 'Take a membership away',
    access: 'organisation.write',
    params: ofMember,
    output: z.void(),
    status: 204,
    run: ({ params }, { actor }) => removeMember(params.memberId, actor),
  }),
  endpoint({
    id: 'service-accounts.list',
    method: 'GET',
    path: '/service-accounts',
    tag: organisation,
    summary: 'The machines that may act here',
    access: 'organisation.read',
    output: z.array(serviceAccount),
    run: (_input, { actor }) => listServiceAccounts(actor),
  }),
  endpoint({
    id: 'service-accounts.add',
    method: 'POST',
    path: '/service-accounts',
    tag: organisation,
    summary: 'Let a client of the identity provider act here',
    access: 'organisation.write',
    body: newServiceAccount,
    output: serviceAccount,
    status: 201,
    run: ({ body }, { actor }) => addServiceAccount(body, actor),
  }),
  endpoint({
    id: 'service-accounts.remove',
    method: 'DELETE',
    path: '/service-accounts/{serviceAccountId}',
    tag: organisation,
    summary: 'Take a machine’s access away',
    access: 'organisation.write',
    params: ofServiceAccount,
    output: z.void(),
    status: 204,
    run: ({ params }, { actor }) => removeServiceAccount(params.serviceAccountId, actor),
  }),
]
