import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encode } from 'next-auth/jwt'
import { io, type Socket } from 'socket.io-client'
import {
  type Acknowledgement,
  type Changed,
  capabilityOf,
  type Command,
  type CommandAnswer,
  type Config,
  type ConfigDelta,
  type DeltaAnswer,
  liveNamespace,
  liveSocketPath,
  type NodeToPortal,
  type PortalToBrowser,
  type PortalToNode,
  runtimeNamespace,
  runtimeSocketPath,
} from '#contract/events.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { createKey } from '../gateways/keys.ts'
import { authSecret, cookieName } from '../session/cookie.ts'
import { authenticateHandshake } from '../session/handshake.ts'
import { type Hub, startHub } from './hub.ts'
import { guardUpgrades } from './upgrade.ts'

/** A hub on a port of its own. */
export interface TestHub {
  hub: Hub
  server: Server
  origin: string
  close: () => Promise<void>
}

export async function testHub(): Promise<TestHub> {
  const server = createServer((_request, response) => void response.writeHead(404).end())
  guardUpgrades(server)
  const hub = startHub(server, authenticateHandshake)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    await hub.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { hub, server, origin, close }
}

/** Gives once `ask` gives something other than false, null or undefined. Fails after ten seconds. */
export async function until<T>(
  ask: () => T | false | null | undefined | Promise<T | false | null | undefined>,
): Promise<T> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > deadline) throw new Error('waited for ten seconds in vain')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Settles with how the socket was closed. */
export function closed(socket: { once(event: 'disconnect', done: (reason: string) => void): unknown }) {
  return new Promise<string>((resolve) => socket.once('disconnect', resolve))
}

// ── Nodes ───────────────────────────────────────────────────────────────────

export interface TestNode {
  nodeId: string
  keyId: string
  socket: Socket<PortalToNode, NodeToPortal>
  /** Every configuration that was sent to it. */
  received: Config[]
  /** Every difference to a configuration that was sent to it. */
  deltas: ConfigDelta[]
  /** Every command that it was given. */
  commands: Command[]
  hello: (applied?: { revision: number; hash: string }, more?: readonly string[]) => Promise<unknown>
}

/**
 * Registers a node of the gateway and connects it. It applies what it gets, unless `answer` says otherwise, and does
 * what it is told, unless `obey` does.
 */
export async function testNode(
  origin: string,
  gatewayId: string,
  actor: Actor,
  answer: (config: Config) => Acknowledgement | Promise<Acknowledgement> = applied,
  obey: (command: Command) => CommandAnswer = () => ({ status: 'done' }),
  answerDelta: (delta: ConfigDelta) => DeltaAnswer = applied,
): Promise<TestNode> {
  const { key, id: keyId } = await createKey(gatewayId, actor)
  const node = await db().node.create({
    data: {
      organisationId: actor.organisationId,
      gatewayId,
      installationId: randomUUID(),
      hostname: 'node-1',
      runtimeVersion: '0.1.0',
      capabilities: [],
    },
  })
  const socket: Socket<PortalToNode, NodeToPortal> = io(origin + runtimeNamespace, {
    path: runtimeSocketPath,
    transports: ['websocket'],
    forceNew: true,
    reconnectionDelay: 100,
    reconnectionDelayMax: 500,
    auth: { gatewayKey: key, nodeId: node.id },
  })
  const received: Config[] = []
  socket.on('config', async (config, done) => {
    received.push(config)
    done(await answer(config))
  })
  const deltas: ConfigDelta[] = []
  socket.on('delta', (delta, done) => {
    deltas.push(delta)
    done(answerDelta(delta))
  })
  const commands: Command[] = []
  socket.on('command', (command, done) => {
    commands.push(command)
    done(obey(command))
  })
  await connected(socket)
  const hello = (at?: { revision: number; hash: string }, more: readonly string[] = []) =>
    socket.timeout(5_000).emitWithAck('hello', {
      hostname: 'node-1',
      runtimeVersion: '0.1.0',
      capabilities: ['http/1.1', capabilityOf('evict'), ...more],
      appliedRevision: at?.revision ?? null,
      appliedHash: at?.hash ?? null,
    })
  return { nodeId: node.id, keyId, socket, received, deltas, commands, hello }
}

export function applied({ signed }: Config | ConfigDelta): Acknowledgement {
  const { revision, hash } = signed.manifest
  return { status: 'applied', revision, hash, durationMs: 3, persisted: true }
}

// ── Browsers ────────────────────────────────────────────────────────────────

export interface TestBrowser {
  sessionId: string
  socket: Socket<PortalToBrowser, Record<string, never>>
  heard: Changed[]
}

/** The cookie of a browser in which this person signed in. */
export async function signedIn(actor: Actor): Promise<{ sessionId: string; cookie: string }> {
  const sessionId = randomUUID()
  const later = new Date(Date.now() + 3_600_000)
  await db().session.create({
    data: {
      id: sessionId,
      userId: actor.id,
      organisationId: actor.organisationId,
      accessTokenSealed: 'unread',
      accessExpiresAt: later,
      expiresAt: later,
    },
  })
  const token = await encode({ token: { sid: sessionId }, secret: await authSecret() })
  return { sessionId, cookie: `${cookieName('session')}=${token}` }
}

/** Opens the portal's live socket as a browser does. */
export async function testBrowser(origin: string, actor: Actor): Promise<TestBrowser> {
  const { sessionId, cookie } = await signedIn(actor)
  const socket = liveSocket(origin, { cookie, origin })
  const heard: Changed[] = []
  socket.on('changed', (change) => heard.push(change))
  await connected(socket)
  return { sessionId, socket, heard }
}

export function liveSocket(
  origin: string,
  extraHeaders: Record<string, string>,
): Socket<PortalToBrowser, Record<string, never>> {
  return io(origin + liveNamespace, {
    path: liveSocketPath,
    transports: ['websocket'],
    forceNew: true,
    reconnectionDelay: 100,
    reconnectionDelayMax: 500,
    extraHeaders,
  })
}

/** Settles when the socket's first attempt succeeded; rejects with why it did not. */
export function connected(socket: { once: Socket['once'] }): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
}
