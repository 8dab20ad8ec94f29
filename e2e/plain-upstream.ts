import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'

// An upstream as a process of its own, so that its work is not that of the test that measures. Once it has read a
// request it waits as many milliseconds as `?wait=` says, and answers "ok", or as many bytes as `?bytes=` says, or to
// POST how many bytes came.

export interface PlainUpstream {
  readonly url: string
  stop(): Promise<void>
}

export async function startPlainUpstream(): Promise<PlainUpstream> {
  const child = spawn(process.execPath, [import.meta.filename], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    url: `http://127.0.0.1:${Number(port.toString())}`,
    stop: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function serve(): void {
  const server = createServer((request, response) => {
    let read = 0
    request.on('data', (chunk: Buffer) => (read += chunk.length))
    request.on('end', () => {
      const wish = new URL(request.url ?? '/', 'http://upstream').searchParams
      const bytes = Number(wish.get('bytes'))
      const text = request.method === 'POST' ? String(read) : 'ok'
      setTimeout(() => response.end(bytes > 0 ? Buffer.alloc(bytes, 'x') : text), Number(wish.get('wait')))
    })
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () =>
    console.log((server.address() as AddressInfo).port),
  )
  // It ends with whoever started it.
  process.stdin.on('end', () => process.exit()).resume()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) serve()
