'use client'
import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { io, type Socket } from 'socket.io-client'
import {
  type Changed,
  liveNamespace,
  liveSocketPath,
  type PortalToBrowser,
  type Topic,
} from '#contract/events.ts'

/** Whether the page hears of changes as they happen. */
export type LiveState = 'connecting' | 'live' | 'away'

const context = createContext<LiveState>('connecting')

// What is asked again when something of a topic changed: the first parts of the features' query keys.
const concerned: Record<Topic, readonly string[]> = {
  apis: ['apis', 'policies', 'deployments', 'topology', 'trust'],
  policies: ['policies', 'apis', 'deployments', 'trust'],
  gateways: ['gateways', 'topology', 'deployments', 'trust'],
  nodes: ['gateways', 'deployments', 'topology'],
  revisions: ['deployments', 'gateways', 'apis', 'policies', 'topology', 'trust', 'reviews', 'history'],
  topology: ['topology', 'apis', 'deployments', 'trust', 'history'],
  trust: ['trust', 'topology', 'deployments'],
  reviews: ['reviews', 'deployments', 'history'],
}

// Changes come in bursts: one publication touches several topics.
const gatherMs = 100

/** Opens the socket that says that something changed; the queries then ask what. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const [state, setState] = useState<LiveState>('connecting')
  useEffect(() => follow(client, setState), [client])
  return <context.Provider value={state}>{children}</context.Provider>
}

export function useLiveState(): LiveState {
  return useContext(context)
}

function follow(client: QueryClient, setState: (state: LiveState) => void): () => void {
  const socket: Socket<PortalToBrowser> = io(liveNamespace, {
    path: liveSocketPath,
    transports: ['websocket'],
    reconnectionDelay: 500,
    reconnectionDelayMax: 3_000,
  })
  const gather = gathering(client)
  let wasAway = false
  socket.on('connect', () => {
    setState('live')
    // Whatever was said meanwhile was not heard here.
    if (wasAway) void client.invalidateQueries()
    wasAway = false
  })
  socket.on('changed', gather.take)
  socket.on('disconnect', (reason) => {
    wasAway = true
    setState('away')
    // The portal cut us off: the session has ended, or the role is another. Asking once more says which.
    if (reason === 'io server disconnect') socket.connect()
  })
  socket.on('connect_error', () => {
    wasAway = true
    setState('away')
    // Refused for good: the next answer from the portal sends the reader to the sign-in page.
    if (!socket.active) void client.invalidateQueries()
  })
  return () => {
    gather.stop()
    socket.disconnect()
  }
}

function gathering(client: QueryClient) {
  const keys = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    timer = undefined
    for (const key of keys) void client.invalidateQueries({ queryKey: [key] })
    keys.clear()
  }
  return {
    take: ({ topic }: Changed) => {
      // A newer portal may know topics that this page does not.
      for (const key of concerned[topic] ?? []) keys.add(key)
      timer ??= setTimeout(flush, gatherMs)
    },
    stop: () => clearTimeout(timer),
  }
}
