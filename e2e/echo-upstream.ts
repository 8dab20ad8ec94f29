import { createServer, type IncomingHttpHeaders } from 'node:http'

/** What the echo upstream received. */
export interface Echo {
  method: string
  path: string
  headers: IncomingHttpHeaders
}

export interface EchoUpstream {
  url: string
  close(): Promise<void>
}

/** An upstream of the test's own: it answers with the request that reached it, and serves documents by path. */
export async function startEcho(documents: Readonly<Record<string, string>> = {}): Promise<EchoUpstream> {
  const server = createServer((request, response) => {
    const document = documents[request.url ?? '']
    const echo: Echo = { method: request.method ?? '', path: request.url ?? '', headers: request.headers }
    request.resume()
    response.writeHead(200, { 'content-type': document ? 'application/yaml' : 'application/json' })
    response.end(document ?? JSON.stringify(echo))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the echo upstream has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
