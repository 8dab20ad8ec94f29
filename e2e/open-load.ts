import { connect, type Socket } from 'node:net'

export interface OpenLoadResult {
  sent: number
  /** Answered with 200, and how long each took. */
  served: number
  latenciesMs: number[]
  /** Answered with 503, all of them with Retry-After, and how long each took. */
  refused: number
  refusalsMs: number[]
  /** Those who lost patience. */
  gaveUp: number
  /** Whatever else came, and connections that ended without an answer. */
  other: string[]
}

interface Client {
  readonly socket: Socket
  sentAtMs: number
  text: string
}

const tickMs = 5
const connectionsMax = 5_000

/**
 * Clients that come at a rate of their own, whether those before them have been answered or not. Each takes a
 * connection that is free or makes one, and leaves when it has no more patience.
 */
export class OpenLoad {
  readonly #port: number
  readonly #request: string
  readonly #patienceMs: number
  readonly #idle: Client[] = []
  readonly #waiting = new Set<Client>()
  #open = 0
  readonly result: OpenLoadResult = {
    sent: 0,
    served: 0,
    latenciesMs: [],
    refused: 0,
    refusalsMs: [],
    gaveUp: 0,
    other: [],
  }

  private constructor(port: number, path: string, patienceMs: number) {
    this.#port = port
    this.#request = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
    this.#patienceMs = patienceMs
  }

  /** Lets so many clients come a second, for some seconds, and waits until none of them waits any more. */
  static async run(load: {
    port: number
    path: string
    perSecond: number
    seconds: number
    patienceMs: number
    /** Connections that are there before the first of them comes. */
    connections: number
  }): Promise<OpenLoadResult> {
    const made = new OpenLoad(load.port, load.path, load.patienceMs)
    while (made.#idle.length < load.connections) made.#idle.push(await made.#connected())
    const beganMs = performance.now()
    const isOver = () => performance.now() - beganMs > load.seconds * 1_000
    while (!isOver() || made.#waiting.size > 0) {
      const due = isOver() ? 0 : ((performance.now() - beganMs) / 1_000) * load.perSecond
      while (made.result.sent < due) made.#come()
      made.#leave()
      await new Promise((resolve) => setTimeout(resolve, tickMs))
    }
    for (const { socket } of made.#idle) socket.destroy()
    return made.result
  }

  #come(): void {
    this.result.sent += 1
    if (this.#idle.length === 0 && this.#open >= connectionsMax) {
      this.result.gaveUp += 1
      return
    }
    const client = this.#idle.pop() ?? this.#connect()
    client.sentAtMs = performance.now()
    client.text = ''
    this.#waiting.add(client)
    client.socket.write(this.#request)
  }

  async #connected(): Promise<Client> {
    const client = this.#connect()
    await new Promise((resolve) => client.socket.once('connect', resolve))
    return client
  }

  #connect(): Client {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    const client = { socket, sentAtMs: 0, text: '' }
    this.#open += 1
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#heard(client, text))
    socket.on('error', () => undefined)
    socket.on('close', () => this.#closed(client))
    return client
  }

  #heard(client: Client, text: string): void {
    client.text += text
    const end = client.text.indexOf('\r\n\r\n')
    const length = /\r\ncontent-length: (\d+)/i.exec(client.text)?.[1]
    if (end < 0 || client.text.length < end + 4 + Number(length ?? 0) || !this.#waiting.delete(client)) return
    this.#answered(client.text, performance.now() - client.sentAtMs)
    if (/\r\nconnection: close\r\n/i.test(client.text)) client.socket.destroy()
    else this.#idle.push(client)
  }

  #answered(text: string, tookMs: number): void {
    if (text.startsWith('HTTP/1.1 200 ')) {
      this.result.served += 1
      this.result.latenciesMs.push(tookMs)
    } else if (text.startsWith('HTTP/1.1 503 ') && /\r\nretry-after: \d+\r\n/i.test(text)) {
      this.result.refused += 1
      this.result.refusalsMs.push(tookMs)
    } else this.result.other.push(text.slice(0, 200))
  }

  #closed(client: Client): void {
    this.#open -= 1
    const place = this.#idle.indexOf(client)
    if (place >= 0) this.#idle.splice(place, 1)
    if (this.#waiting.delete(client)) this.result.other.push('closed without an answer')
  }

  #leave(): void {
    const now = performance.now()
    for (const client of this.#waiting) {
      if (now - client.sentAtMs < this.#patienceMs) return
      this.#waiting.delete(client)
      this.result.gaveUp += 1
      client.socket.destroy()
    }
  }
}
