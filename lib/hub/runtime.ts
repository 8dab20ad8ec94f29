import type { Server, Socket } from 'socket.io'
import {
  hello,
  itemsWanted,
  type NodeToPortal,
  nodeEvent,
  type PortalToNode,
  report,
  runtimeAuth,
  runtimeNamespace,
} from '#contract/events.ts'
import { keptOrdersAnswer, signingRequest } from '#contract/kept-certificates.ts'
import { Problem } from '#domain/problem.ts'
import { announceChange } from '../changes.ts'
import { db, transaction } from '../db.ts'
import { commandMsMax } from '../gateways/commands.ts'
import { requireGatewayKey } from '../gateways/keys.ts'
import { log } from '../log.ts'
import { type NodeIdentity, NodeLink } from './node-link.ts'

interface NodeData {
  identity: NodeIdentity
}
export type RuntimeServer = Server<NodeToPortal, PortalToNode, Record<string, never>, NodeData>
type NodeSocket = Socket<NodeToPortal, PortalToNode, Record<string, never>, NodeData>

const ackMsMax = 10_000
// The node has everything signed before it answers.
const keepMsMax = 30_000
const helloMsMax = 10_000
const announceEveryMs = 2_000
const eventsMax = 50
const requestsMax = 60

export interface RuntimeHub {
  /** Something was published to this gateway. */
  published(gatewayId: string): void
  /** Something was ordered of this node. */
  commanded(nodeId: string): void
  /** Notifications may have been missed: every node is looked at. */
  resync(): void
  /** Cuts off nodes whose key was revoked or that were removed. */
  dropRevoked(): Promise<void>
  close(): Promise<void>
}

/** Serves the namespace of the nodes. */
export function serveRuntime(io: RuntimeServer): RuntimeHub {
  const links = new Map<string, { link: NodeLink; socket: NodeSocket }>()
  const leaving = new Set<Promise<void>>()
  const announcer = announceReports()
  const namespace = io.of(runtimeNamespace)

  namespace.use((socket, next) => void admit(socket, next))
  namespace.on('connection', (socket) => {
    const link = new NodeLink(socket.data.identity, {
      config: (config) => socket.timeout(ackMsMax).emitWithAck('config', config),
      delta: (delta) => socket.timeout(ackMsMax).emitWithAck('delta', delta),
      command: (command) => socket.timeout(commandMsMax).emitWithAck('command', command),
      certificates: async (orders) =>
        keptOrdersAnswer.parse(await socket.timeout(keepMsMax).emitWithAck('certificates', { orders })),
    })
    const { nodeId } = link.identity
    // The same node came again, by another connection: the earlier one is a leftover.
    links.get(nodeId)?.socket.conn.close()
    links.set(nodeId, { link, socket })
    converse(socket, link, announcer.announce)
    socket.on('disconnect', (reason) => {
      link.close()
      log.info({ nodeId, reason }, 'node disconnected')
      if (links.get(nodeId)?.link !== link) return
      links.delete(nodeId)
      const left = link.leave(new Date()).catch((error) => log.warn({ err: error, nodeId }, 'not noted'))
      leaving.add(left)
      void left.finally(() => leaving.delete(left))
    })
  })

  return {
    published(gatewayId) {
      for (const { link } of links.values()) if (link.identity.gatewayId === gatewayId) link.sync()
    },
    commanded(nodeId) {
      links.get(nodeId)?.link.obey()
      links.get(nodeId)?.link.sync()
    },
    resync() {
      for (const { link } of links.values()) {
        link.sync()
        link.obey()
      }
    },
    async dropRevoked() {
      if (links.size === 0) return
      const connected = [...links.values()]
      const valid = await stillValid(connected.map(({ link }) => link.identity))
      for (const { link, socket } of connected) {
        if (!valid(link.identity)) socket.disconnect(true)
      }
    },
    async close() {
      announcer.close()
      for (const { socket } of links.values()) socket.conn.close()
      await Promise.allSettled(leaving)
    },
  }
}

async function admit(socket: NodeSocket, next: (error?: Error) => void): Promise<void> {
  try {
    const auth = runtimeAuth.safeParse(socket.handshake.auth)
    if (!auth.success) throw new Problem('gateway.key-invalid', 'Say the gateway key and the node id.')
    const { keyId, organisationId, gatewayId } = await requireGatewayKey(auth.data.gatewayKey)
    const node = isUuid(auth.data.nodeId)
      ? await db().node.findFirst({
          where: { id: auth.data.nodeId, gatewayId, organisationId },
          select: { id: true },
        })
      : null
    if (!node) throw new Problem('not-found', 'The node is not registered at this gateway.')
    socket.data.identity = { nodeId: node.id, gatewayId, organisationId, keyId }
    next()
  } catch (error) {
    if (error instanceof Problem) return next(Object.assign(new Error(error.code), { data: error.message }))
    log.warn({ err: error }, 'a node could not be checked')
    // A refusal would make the node give up; a lost connection makes it come again.
    socket.conn.close()
  }
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

function converse(socket: NodeSocket, link: NodeLink, announce: (identity: NodeIdentity) => void): void {
  const { nodeId } = link.identity
  let events = 0
  let requests = 0
  const silent = setTimeout(() => socket.disconnect(true), helloMsMax)
  socket.on('disconnect', () => clearTimeout(silent))

  socket.on('hello', (message, done) => {
    const parsed = hello.safeParse(message)
    if (typeof done !== 'function') return
    if (!parsed.success) return done({ ok: false, reason: parsed.error.message })
    clearTimeout(silent)
    link.greet(parsed.data).then(
      () => done({ ok: true }),
      (error) => {
        log.warn({ err: error, nodeId }, 'a node could not be greeted')
        socket.conn.close()
      },
    )
  })
  socket.on('items', (message, done) => {
    const parsed = itemsWanted.safeParse(message)
    if (!parsed.success || typeof done !== 'function') return
    // Without an answer the node asks again.
    link.give(parsed.data).then(done, (error) => log.warn({ err: error, nodeId }, 'items not given'))
  })
  socket.on('sign', (message, done) => {
    const parsed = signingRequest.safeParse(message)
    if (typeof done !== 'function') return
    if (!parsed.success) return done({ status: 'refused', reason: 'The request does not fit.' })
    if (requests >= requestsMax) return done({ status: 'refused', reason: 'Too many requests; ask later.' })
    requests++
    setTimeout(() => requests--, 60_000).unref()
    // Without an answer the node asks again.
    link
      .sign(parsed.data)
      .then(done, (error) => log.warn({ err: error, nodeId }, 'a request was not answered'))
  })
  socket.on('report', (message) => {
    const parsed = report.safeParse(message)
    if (!parsed.success) {
      log.warn({ nodeId, issues: parsed.error.issues.slice(0, 3) }, 'a report does not fit')
      return
    }
    link.report(parsed.data, Date.now()).then(
      (written) => written && announce(link.identity),
      (error) => log.warn({ err: error, nodeId }, 'report not written'),
    )
  })
  socket.on('event', (message) => {
    const parsed = nodeEvent.safeParse(message)
    if (!parsed.success || events++ >= eventsMax) return
    setTimeout(() => events--, 60_000).unref()
    log.info({ nodeId, event: parsed.data }, 'event of a node')
    announce(link.identity)
  })
}

// Many nodes report every 5 s each; browsers are told once for all of a gateway's.
function announceReports() {
  const due = new Map<string, string>()
  const timer = setInterval(() => {
    const batch = [...due]
    due.clear()
    if (batch.length === 0) return
    transaction(async (tx) => {
      for (const [id, organisationId] of batch) {
        await announceChange(tx, organisationId, { topic: 'nodes', id })
      }
    }).catch((error) => log.warn({ err: error }, 'browsers not told of reports'))
  }, announceEveryMs)
  return {
    announce: ({ gatewayId, organisationId }: NodeIdentity) => void due.set(gatewayId, organisationId),
    close: () => clearInterval(timer),
  }
}

async function stillValid(identities: readonly NodeIdentity[]): Promise<(identity: NodeIdentity) => boolean> {
  const [keys, nodes] = await Promise.all([
    db().gatewayKey.findMany({
      where: { id: { in: [...new Set(identities.map(({ keyId }) => keyId))] }, revokedAt: null },
      select: { id: true },
    }),
    db().node.findMany({
      where: { id: { in: identities.map(({ nodeId }) => nodeId) } },
      select: { id: true },
    }),
  ])
  const valid = new Set([...keys, ...nodes].map(({ id }) => id))
  return ({ keyId, nodeId }) => valid.has(keyId) && valid.has(nodeId)
}
