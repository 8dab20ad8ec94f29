import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino, { type Logger } from 'pino'

/** What tests need of the world around a node: upstreams, folders, logs and the end of all of them. */

export interface Closing {
  /** Runs what was added, the last first. */
  closeAll(): Promise<void>
  add(close: () => unknown): void
}

export function closing(): Closing {
  const closes: (() => unknown)[] = []
  return {
    add: (close) => closes.push(close),
    async closeAll() {
      for (const close of closes.splice(0).reverse()) await close()
    },
  }
}

/** A server that answers every request with its name and what it was asked. */
export async function startUpstream(name: string, end: Closing): Promise<string> {
  const server = createHttpServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ name, url: request.url, headers: request.headers }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  end.add(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function temporaryFolder(end: Closing): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hexgate-test-'))
  end.add(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A log whose lines a test can read. */
export function memoryLog(): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>)
  return { log: pino({ level: 'debug' }, { write }), lines }
}

/** Asks again until the answer is true; fails after the given time. */
export async function until(what: string, isSo: () => unknown, withinMs = 25_000): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    if (await isSo()) return
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
