import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

/** What the demo upstreams share: JSON over HTTP, as a provider's own small service would speak it. */

export interface Call {
  params: Record<string, string>
  query: URLSearchParams
  body: unknown
}

export interface Answer {
  status?: number
  body: unknown
}

export interface Route {
  method: string
  /** /orders/{orderId} */
  path: string
  answer: (call: Call) => Answer | Promise<Answer>
}

/** A refusal that the caller is told about. */
export class Refused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const bodyBytesMax = 100_000

/** Serves the routes on the loopback address; port 0 takes any. */
export function serve(routes: readonly Route[], port: number): Promise<Server> {
  const server = createServer((request, response) => void answer(routes, request, response))
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

/** Runs a service until it is asked to end. */
export async function runService(name: string, start: (port: number) => Promise<Server>): Promise<void> {
  const port = z.coerce.number().int().min(0).max(65_535).default(0).parse(process.env['PORT'])
  const server = await start(port)
  console.log(JSON.stringify({ name, port: (server.address() as AddressInfo).port, msg: 'serving' }))
  const stop = () => {
    server.close(() => process.exit(0))
    server.closeAllConnections()
    // Upgraded connections are the server's no longer and would keep the process.
    setTimeout(() => process.exit(0), 500).unref()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
}

async function answer(
  routes: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status = 200, body } = await answerTo(routes, request)
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}

async function answerTo(routes: readonly Route[], request: IncomingMessage): Promise<Answer> {
  try {
    const url = new URL(request.url ?? '/', 'http://upstream')
    const here = routes.flatMap((route) => {
      const params = match(route.path, url.pathname)
      return params ? [{ route, params }] : []
    })
    if (url.pathname === '/health') return { body: { status: 'ok' } }
    if (here.length === 0) throw new Refused(404, `nothing at ${url.pathname}`)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const found = here.find(({ route }) => route.method === method)
    if (!found) throw new Refused(405, `${request.method} is not offered here`)
    const body = await readBody(request)
    return await found.route.answer({ params: found.params, query: url.searchParams, body })
  } catch (error) {
    return refusal(error)
  }
}

function match(template: string, path: string): Record<string, string> | null {
  const wanted = template.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (part.startsWith('{')) params[part.slice(1, -1)] = decodeURIComponent(value)
    else if (part !== value) return null
  }
  return params
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new Refused(413, `a body may have ${bodyBytesMax} bytes at most`)
    chunks.push(chunk)
  }
  if (bytes === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new Refused(400, 'the body is not JSON')
  }
}

function refusal(error: unknown): Answer {
  if (error instanceof Refused) return { status: error.status, body: { error: error.message } }
  if (error instanceof z.ZodError) {
    const [issue] = error.issues
    return { status: 422, body: { error: `${issue?.path.join('.') || 'body'}: ${issue?.message}` } }
  }
  if (error instanceof URIError) return { status: 400, body: { error: 'the path is not valid' } }
  console.error(error)
  return { status: 500, body: { error: 'something failed here' } }
}
