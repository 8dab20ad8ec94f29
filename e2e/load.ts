import { Pool, WebSocket } from 'undici'

export interface LoadResult {
  answered: number
  /** What was not a 200, and why; a refused or cut connection counts too. */
  failures: string[]
  socketsCut: number
  socketEchoes: number
}

/**
 * Keeps keep-alive connections busy and WebSockets talking until it is told to stop.
 * `path` must answer 200, `socketPath` must echo text.
 */
export class Load {
  readonly #pool: Pool
  readonly #sockets: WebSocket[] = []
  readonly #loops: Promise<void>[] = []
  readonly #result: LoadResult = { answered: 0, failures: [], socketsCut: 0, socketEchoes: 0 }
  #latenciesMs: number[] = []
  #running = true

  private constructor(origin: string, connections: number) {
    this.#pool = new Pool(origin, { connections, pipelining: 1 })
  }

  static async start(load: {
    origin: string
    path: string
    connections: number
    socketPath?: string
    sockets?: number
    headers?: Record<string, string>
  }): Promise<Load> {
    const made = new Load(load.origin, load.connections)
    const { socketPath = '', sockets = 0 } = load
    await Promise.all(Array.from({ length: sockets }, () => made.#open(load.origin, socketPath)))
    for (let index = 0; index < load.connections; index += 1) {
      made.#loops.push(made.#ask(load.path, load.headers ?? {}))
    }
    return made
  }

  get answered(): number {
    return this.#result.answered
  }

  /** The time below which a share of the answers lay, 0.99 say, since it was last asked. */
  lap(share: number): number {
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b)
    this.#latenciesMs = []
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  }

  async stop(): Promise<LoadResult> {
    this.#running = false
    await Promise.all(this.#loops)
    this.#result.socketsCut = this.#sockets.filter((socket) => socket.readyState !== WebSocket.OPEN).length
    for (const socket of this.#sockets) socket.close()
    await this.#pool.close()
    return this.#result
  }

  async #ask(path: string, headers: Record<string, string>): Promise<void> {
    while (this.#running) {
      const beganMs = performance.now()
      try {
        const { statusCode, body } = await this.#pool.request({ method: 'GET', path, headers })
        const text = await body.text()
        this.#latenciesMs.push(performance.now() - beganMs)
        if (statusCode === 200) this.#result.answered += 1
        else this.#result.failures.push(`${statusCode} ${text.slice(0, 200)}`)
      } catch (error) {
        this.#result.failures.push(String(error))
      }
    }
  }

  async #open(origin: string, path: string): Promise<void> {
    const socket = new WebSocket(origin.replace(/^http/, 'ws') + path)
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true })
      socket.addEventListener('error', () => reject(new Error(`no WebSocket at ${path}`)), { once: true })
    })
    socket.addEventListener('message', () => {
      this.#result.socketEchoes += 1
      if (this.#running) setTimeout(() => socket.readyState === WebSocket.OPEN && socket.send('tick'), 100)
    })
    socket.send('tick')
    this.#sockets.push(socket)
  }
}
