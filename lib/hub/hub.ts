import type { Server as HttpServer } from 'node:http'
import { Server, type ServerOptions } from 'socket.io'
import { z } from 'zod'
import {
  changed,
  liveMessageBytesMax,
  liveSocketPath,
  runtimeMessageBytesMax,
  runtimeSocketPath,
} from '#contract/events.ts'
import { changedChannel, commandedChannel, publishedChannel } from '../changes.ts'
import { env } from '../env.ts'
import { log } from '../log.ts'
import { showHubHealth } from './health.ts'
import { type AuthenticateHandshake, isOwnOrigin, type LiveServer, serveLive } from './live.ts'
import { listen } from './notifications.ts'
import { type RuntimeServer, serveRuntime } from './runtime.ts'

const changedPayload = changed.extend({ organisationId: z.string() })
const publishedPayload = z.object({ organisationId: z.string(), gatewayId: z.string(), number: z.int() })

// A revoked key or session is cut off within a second.
const revocationCheckMs = 500

export interface Hub {
  readonly listening: boolean
  close(): Promise<void>
}

/** Connects nodes and browsers to the database's notifications, on the portal's own port. */
export function startHub(server: HttpServer, authenticate: AuthenticateHandshake): Hub {
  const runtimeIo: RuntimeServer = new Server(server, {
    ...optionsOf(runtimeSocketPath, runtimeMessageBytesMax),
    connectTimeout: 10_000,
  })
  const liveIo: LiveServer = new Server(server, {
    ...optionsOf(liveSocketPath, liveMessageBytesMax),
    connectTimeout: 10_000,
    allowRequest: (request, done) => done(null, isOwnOrigin(request)),
  })
  for (const io of [runtimeIo, liveIo]) io.use((_socket, next) => next(new Error('namespace.unknown')))

  const runtime = serveRuntime(runtimeIo)
  const live = serveLive(liveIo, authenticate)
  const dropEnded = periodically(async () => {
    await Promise.all([runtime.dropRevoked(), live.dropEnded()])
  })
  const notifications = listen({
    url: env().DATABASE_URL,
    channels: {
      [publishedChannel]: (payload) =>
        runtime.published(publishedPayload.parse(JSON.parse(payload)).gatewayId),
      [commandedChannel]: (nodeId) => runtime.commanded(nodeId),
      [changedChannel]: (payload) => {
        const { organisationId, ...change } = changedPayload.parse(JSON.parse(payload))
        live.changed(organisationId, change)
        if (change.topic === 'gateways') dropEnded.now()
      },
    },
    onGap: () => {
      runtime.resync()
      live.resync()
    },
  })
  showHubHealth(() => ({ listening: notifications.listening }))

  return {
    get listening() {
      return notifications.listening
    },
    async close() {
      dropEnded.close()
      await notifications.close()
      live.close()
      await runtime.close()
      // Not io.close(): that closes the HTTP server, which is not ours. Nodes see a lost connection and come again.
      runtimeIo.engine.close()
      liveIo.engine.close()
    },
  }
}

function optionsOf(path: string, maxHttpBufferSize: number): Partial<ServerOptions> {
  return {
    path,
    maxHttpBufferSize,
    transports: ['websocket'],
    serveClient: false,
    destroyUpgrade: false,
    pingInterval: 5_000,
    pingTimeout: 5_000,
  }
}

function periodically(work: () => Promise<void>) {
  let running = false
  const now = () => {
    if (running) return
    running = true
    work()
      // Without a database nobody can be checked; nodes keep their connection and are checked when it is back.
      .catch((error) => log.debug({ err: error }, 'revocations not checked'))
      .finally(() => {
        running = false
      })
  }
  const timer = setInterval(now, revocationCheckMs)
  return { now, close: () => clearInterval(timer) }
}
