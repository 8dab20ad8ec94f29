import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Item } from '#contract/items.ts'
import { addressKind } from '#domain/address.ts'
import { mask, maskedConfig } from '#policies/secrets.ts'

/** What the admin port shows of the node. */
export interface NodeView {
  /** Undefined when it is ready; else why it is not. */
  readonly notReady: () => string | undefined
  /** Why it is degraded; none when it is well. */
  readonly problems: () => string[]
  readonly configuration: () => unknown
  readonly metrics: () => Promise<{ contentType: string; text: string }>
}

export interface Admin {
  readonly port: number
  close(): Promise<void>
}

/** Opens the admin port. It shows and changes nothing. */
export async function openAdmin(where: { address: string; port: number }, view: NodeView): Promise<Admin> {
  const onlyLocal = addressKind(where.address) === 'loopback'
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(request, response, view, onlyLocal).catch((error: unknown) => {
      if (!response.headersSent) send(response, 500, { status: 'failed', reason: String(error) })
      else response.destroy()
    })
  })
  await listening(server, where)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listening(server: Server, { address, port }: { address: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  view: NodeView,
  onlyLocal: boolean,
): Promise<void> {
  // A web page can make a browser on this machine ask under a name that leads here; it cannot read by address.
  if (onlyLocal && !isLocalHost(request.headers.host)) return send(response, 421, { status: 'refused' })
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return send(response, 405, { status: 'refused', reason: 'only GET is answered here' })
  }
  switch ((request.url ?? '').split('?')[0]) {
    case '/ready': {
      const reason = view.notReady()
      return reason === undefined
        ? send(response, 200, { status: 'ready' })
        : send(response, 503, { status: 'not-ready', reason })
    }
    case '/healthy': {
      const problems = view.problems()
      return send(response, 200, { status: problems.length === 0 ? 'healthy' : 'degraded', problems })
    }
    case '/metrics': {
      const { contentType, text } = await view.metrics()
      response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' })
      response.end(text)
      return
    }
    case '/config':
      return send(response, 200, view.configuration())
    default:
      return send(response, 404, {
        status: 'unknown',
        reason: 'there are /ready, /healthy, /metrics and /config',
      })
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body, null, 2)}\n`)
}

function isLocalHost(host: string | undefined): boolean {
  const url = URL.parse(`http://${host ?? ''}`)
  return url !== null && addressKind(url.hostname) === 'loopback'
}

/** An item as it may be shown: without hashes of keys and without what policies call sensitive. */
export function maskedItem(item: Item): unknown {
  if (item.kind === 'contracts')
    return {
      ...item,
      clients: item.clients.map((client) => ({ ...client, keyHashes: client.keyHashes.map(() => mask) })),
    }
  if (item.kind === 'tls-context' && item.keystore !== undefined)
    return { ...item, keystore: { ...item.keystore, key: mask } }
  if (item.kind !== 'api') return item
  const policies = item.policies.map((policy) => ({
    ...policy,
    config: maskedConfig(policy.kind, policy.config),
  }))
  return { ...item, policies }
}
