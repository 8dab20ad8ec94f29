import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type Socket } from 'socket.io'
import {
  type Acknowledgement,
  acknowledgement,
  type Command,
  type CommandAnswer,
  commandAnswer,
  type DeltaAnswer,
  deltaAnswer,
  hello,
  type Hello,
  type NodeEvent,
  type NodeToPortal,
  nodeEvent,
  type PortalToNode,
  type Registration,
  registration,
  type Report,
  report,
  runtimeAuth,
  runtimeNamespace,
  runtimeSocketPath,
} from '#contract/events.ts'
import type { Item } from '#contract/items.ts'
import {
  type KeptOrder,
  keptOrdersAnswer,
  type SigningAnswer,
  type SigningRequest,
  signingRequest,
} from '#contract/kept-certificates.ts'
import type { SignedManifest } from '#contract/manifest.ts'
import type { Publisher } from './publisher.ts'

type NodeSocket = Socket<NodeToPortal, PortalToNode>

/** A portal as small as one can be: it registers nodes, takes their words by the contract and pushes to them. */
export class TestPortal {
  readonly publisher: Publisher
  acceptedKey = 'hgk_test'
  /** Whether a push carries the items, or the node has to ask for them. */
  sendsItems = true
  /** Whether a push says only what differs from the one before. */
  sendsDeltas = false
  readonly registrations: Registration[] = []
  readonly hellos: Hello[] = []
  readonly reports: Report[] = []
  readonly events: NodeEvent[] = []
  readonly asked: string[][] = []
  readonly acknowledgements: Acknowledgement[] = []
  /** What every node is to keep, and how its requests are answered. */
  orders: KeptOrder[] = []
  readonly requests: SigningRequest[] = []
  sign: (request: SigningRequest) => Promise<SigningAnswer> = async () => ({ status: 'waiting' })
  readonly deltaAnswers: DeltaAnswer[] = []
  attempts = 0
  /** How many connections are cut while they are being checked, as when the database is away. */
  cuts = 0
  #http: HttpServer | undefined
  #io: Server<NodeToPortal, PortalToNode> | undefined
  #desired: SignedManifest | undefined
  #port = 0

  constructor(publisher: Publisher) {
    this.publisher = publisher
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Begins, at a given port or at that of the time before. */
  async start(port = this.#port): Promise<void> {
    const http = createServer((request, response) => void this.#answer(request, response))
    const io = new Server<NodeToPortal, PortalToNode>(http, {
      path: runtimeSocketPath,
      serveClient: false,
      transports: ['websocket'],
    })
    io.of(runtimeNamespace).use((socket, next) => {
      this.attempts++
      if (this.cuts-- > 0) {
        socket.conn.close()
        return
      }
      const auth = runtimeAuth.safeParse(socket.handshake.auth)
      next(
        auth.success && auth.data.gatewayKey === this.acceptedKey
          ? undefined
          : new Error('gateway.key-invalid'),
      )
    })
    io.of(runtimeNamespace).on('connection', (socket) => this.#listen(socket))
    await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
    this.#port = (http.address() as AddressInfo).port
    this.#http = http
    this.#io = io
  }

  /** Goes away as a killed process does: every connection is cut. */
  async stop(): Promise<void> {
    const http = this.#http
    this.#http = undefined
    if (http === undefined) return
    await this.#io?.close()
    http.closeAllConnections()
    await new Promise<void>((resolve) => http.close(() => resolve()))
  }

  /** Makes a revision the desired one and pushes it to every node. */
  publish(revision: number, items: readonly Item[]): SignedManifest {
    const before = this.#desired
    this.#desired = this.publisher.offer(revision, items).signed
    for (const socket of this.#io?.of(runtimeNamespace).sockets.values() ?? []) {
      if (this.sendsDeltas && before !== undefined) this.#pushDelta(socket, before, this.#desired)
      else this.#push(socket)
    }
    return this.#desired
  }

  /** Has every node do something; what they answered. */
  async command(message: unknown): Promise<CommandAnswer[]> {
    const sockets = [...(this.#io?.of(runtimeNamespace).sockets.values() ?? [])]
    const answers = sockets.map((socket) =>
      // Whatever a portal of another version may say.
      socket.timeout(5_000).emitWithAck('command', message as Command),
    )
    return (await Promise.all(answers)).map((answer) => commandAnswer.parse(answer))
  }

  /** Tells every node what it is to keep; what they answered. */
  async order(orders: KeptOrder[]) {
    this.orders = orders
    const sockets = [...(this.#io?.of(runtimeNamespace).sockets.values() ?? [])]
    return Promise.all(sockets.map((socket) => this.#order(socket)))
  }

  async #order(socket: NodeSocket) {
    const answer = await socket.timeout(10_000).emitWithAck('certificates', { orders: this.orders })
    return keptOrdersAnswer.parse(answer)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    if (request.method !== 'POST' || request.url !== '/api/v1/gateways/register') return send(404, {})
    const given = registration.parse(JSON.parse(Buffer.concat(chunks).toString()))
    this.registrations.push(given)
    if (given.gatewayKey !== this.acceptedKey)
      return send(401, { code: 'gateway.key-invalid', detail: 'The gateway key is not valid' })
    const { gatewayId, keyId, publicKey } = this.publisher
    send(201, { nodeId: 'node-1', gatewayId, gatewayName: 'Test', signingKeys: [{ keyId, publicKey }] })
  }

  #listen(socket: NodeSocket): void {
    socket.on('hello', (message, done) => {
      this.hellos.push(hello.parse(message))
      done({ ok: true })
      if (this.orders.length > 0) {
        void this.#order(socket).then(() => this.#desired && this.#push(socket))
        return
      }
      if (this.#desired !== undefined && this.#desired.manifest.hash !== message.appliedHash)
        this.#push(socket)
    })
    socket.on('sign', (message, done) => {
      const request = signingRequest.parse(message)
      this.requests.push(request)
      void this.sign(request).then(done)
    })
    socket.on('items', ({ hashes }, done) => {
      this.asked.push(hashes)
      done({ items: Object.fromEntries(hashes.map((hash) => [hash, this.publisher.items.get(hash)])) })
    })
    socket.on('report', (message) => this.reports.push(report.parse(message)))
    socket.on('event', (message) => this.events.push(nodeEvent.parse(message)))
  }

  #pushDelta(socket: NodeSocket, before: SignedManifest, after: SignedManifest): void {
    socket.emit('delta', { signed: this.publisher.delta(before, after), items: {} }, (answer) =>
      this.deltaAnswers.push(deltaAnswer.parse(answer)),
    )
  }

  #push(socket: NodeSocket): void {
    const signed = this.#desired
    if (signed === undefined) return
    const hashes = this.sendsItems ? Object.values(signed.manifest.items) : []
    const items = Object.fromEntries(
      hashes.flatMap((hash) => {
        const item = this.publisher.items.get(hash)
        return item === undefined ? [] : [[hash, item]]
      }),
    )
    socket.emit('config', { signed, items }, (answer) =>
      this.acknowledgements.push(acknowledgement.parse(answer)),
    )
  }
}
