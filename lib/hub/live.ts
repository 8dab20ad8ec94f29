import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Server, Socket } from 'socket.io'
import { type Changed, liveNamespace, type PortalToBrowser, topics } from '#contract/events.ts'
import { allows } from '#domain/access.ts'
import { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { env } from '../env.ts'
import { log } from '../log.ts'

interface BrowserData {
  actor: Actor
}
type Nothing = Record<string, never>
export type LiveServer = Server<Nothing, PortalToBrowser, Nothing, BrowserData>
type BrowserSocket = Socket<Nothing, PortalToBrowser, Nothing, BrowserData>

/** Finds out who stands behind a handshake: lib/session/handshake.ts. */
export type AuthenticateHandshake = (headers: IncomingHttpHeaders) => Promise<Actor | null>

export interface LiveHub {
  /** Tells the browsers of one organisation. */
  changed(organisationId: string, change: Changed): void
  /** Tells all browsers that they may have missed something. */
  resync(): void
  /** Cuts off browsers whose session or membership has ended. */
  dropEnded(): Promise<void>
  close(): void
}

const roomOf = (organisationId: string) => `organisation:${organisationId}`

/** Serves the namespace of the browsers. They are told that something changed; they say nothing. */
export function serveLive(io: LiveServer, authenticate: AuthenticateHandshake): LiveHub {
  const namespace = io.of(liveNamespace)
  namespace.use((socket, next) => void admit(socket, authenticate, next))
  namespace.on('connection', (socket) => {
    void socket.join(roomOf(socket.data.actor.organisationId))
    socket.onAny(() => socket.disconnect(true))
  })
  return {
    changed(organisationId, change) {
      namespace.to(roomOf(organisationId)).emit('changed', change)
    },
    resync() {
      for (const topic of topics) namespace.emit('changed', { topic, id: '*' })
    },
    async dropEnded() {
      const sockets = [...namespace.sockets.values()]
      if (sockets.length === 0) return
      const valid = await stillValid(sockets.map((socket) => socket.data.actor))
      for (const socket of sockets) if (!valid(socket.data.actor)) socket.disconnect(true)
    },
    close() {
      for (const socket of namespace.sockets.values()) socket.conn.close()
    },
  }
}

async function admit(
  socket: BrowserSocket,
  authenticate: AuthenticateHandshake,
  next: (error?: Error) => void,
): Promise<void> {
  try {
    const actor = await authenticate(socket.handshake.headers)
    if (!actor?.sessionId) return next(new Error('session.required'))
    socket.data.actor = actor
    next()
  } catch (error) {
    if (error instanceof Problem && error.status < 500) return next(new Error(error.code))
    log.warn({ err: error }, 'a browser could not be checked')
    socket.conn.close()
  }
}

/**
 * Whether a handshake comes from the portal's own pages. A cookie travels with any page's handshake, so a page
 * of another site must not open the socket with it.
 */
export function isOwnOrigin({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const origin = URL.parse(headers.origin ?? '')
  if (!origin) return false
  return origin.host === headers.host || origin.origin === new URL(env().HEXGATE_PORTAL_URL).origin
}

async function stillValid(actors: readonly Actor[]): Promise<(actor: Actor) => boolean> {
  const ids = actors.flatMap(({ sessionId }) => sessionId ?? [])
  const sessions = await db().session.findMany({
    where: { id: { in: [...new Set(ids)] }, revokedAt: null, expiresAt: { gt: new Date() } },
    select: {
      id: true,
      user: {
        select: {
          memberships: { where: { revokedAt: null }, select: { organisationId: true, role: true } },
        },
      },
    },
  })
  const memberships = new Map(sessions.map(({ id, user }) => [id, user.memberships]))
  return ({ sessionId, organisationId, role }) =>
    (memberships.get(sessionId ?? '') ?? []).some(
      // Who got another role connects again, and is then let in as what they are now.
      (held) => held.organisationId === organisationId && held.role === role && allows(role, 'apis.read'),
    )
}
