import type { Item } from '#contract/items.ts'
import { canonicalJson } from '#contract/manifest.ts'
import { createControlRequest } from '../control-request.ts'
import { type Contents, Planner } from '../plan.ts'
import { emptyWorld, sha256, type World } from '../ports.ts'
import { createServer, type Server } from '../serve/server.ts'
import { Serving } from '../serving.ts'
import type { Closing } from './world.ts'

/** Items as a node holds them once they are verified. */
export function contentsOf(items: readonly Item[]): Contents {
  return new Map(items.map((item) => [item.id, { item, hash: sha256(canonicalJson(item)) }]))
}

/** Serves items from this process until the test ends, and gives the port of the first listener. */
export async function serveItems(
  items: readonly Item[],
  end: Closing,
  world: Partial<World> = {},
): Promise<number> {
  return (await startServing(items, end, world)).port
}

/** The same, with a way to serve others in their place. */
export async function startServing(
  items: readonly Item[],
  end: Closing,
  world: Partial<World> = {},
): Promise<{
  port: number
  serving: Serving
  server: Server
  serve: (items: readonly Item[]) => Promise<void>
}> {
  const control = createControlRequest({ allowLoopback: true })
  const server = createServer()
  const whole = { ...emptyWorld, request: control.request, ...world }
  const serving = new Serving(server, new Planner({ allowLoopback: true, world: whole }))
  end.add(async () => {
    await server.drain(0)
    await control.close()
  })
  const serve = async (next: readonly Item[]) => {
    const served = await serving.serve(contentsOf(next))
    if (!served.ok) throw new Error(JSON.stringify(served.reasons))
  }
  await serve(items)
  return { port: serving.ports[0] ?? 0, serving, server, serve }
}
