import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { eventually } from '../wire-fixture.ts'

/** Types of frames (RFC 9113 §6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
export const END_STREAM = 1
export const END_HEADERS = 4
export const ACK = 1

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

/** Fields as HPACK literals without indexing (RFC 7541 §6.2.2). */
export function fields(...list: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    list.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])),
  )
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  return Buffer.concat([integer(bytes.length, 7), bytes])
}

// RFC 7541 §5.1
function integer(value: number, prefixBits: number): Buffer {
  const max = 2 ** prefixBits - 1
  if (value < max) return Buffer.from([value])
  const bytes = [max]
  let left = value - max
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128)
  return Buffer.from([...bytes, left])
}

export const GET: readonly (readonly [string, string])[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'a'],
  [':path', '/'],
]

export const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(FRAME.settings, 0, 0),
])

/** A client that writes frames as it likes. */
export class RawHttp2Client {
  readonly frames: Frame[] = []
  closed = false
  private readonly socket: Socket
  private pending = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => this.take(bytes))
    socket.on('error', () => undefined)
    socket.on('close', () => (this.closed = true))
  }

  static async connect(port: number): Promise<RawHttp2Client> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    const client = new RawHttp2Client(socket)
    client.send(PREFACE)
    return client
  }

  send(...frames: readonly Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames))
  }

  /** Sends the same again and again, as fast as it is taken, until the connection is closed or enough was sent. */
  async flood(bytes: Buffer, bytesMax: number): Promise<void> {
    for (let sent = 0; sent < bytesMax && !this.socket.destroyed; sent += bytes.length) {
      if (!this.socket.write(bytes))
        await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]).catch(() => undefined)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async until(wanted: (frame: Frame) => boolean): Promise<Frame> {
    await eventually(() => this.frames.some(wanted))
    const found = this.frames.find(wanted)
    if (found === undefined) throw new Error('seen and gone')
    return found
  }

  async untilClosed(): Promise<void> {
    await eventually(() => this.closed, 10_000)
  }

  /** The code of the GOAWAY that came last, or undefined. */
  get goawayCode(): number | undefined {
    return this.frames.findLast(({ type }) => type === FRAME.goaway)?.payload.readUInt32BE(4)
  }

  /** Reads nothing more. */
  stopReading(): void {
    this.socket.pause()
  }

  destroy(): void {
    this.socket.destroy()
  }

  private take(bytes: Buffer): void {
    this.pending = Buffer.concat([this.pending, bytes])
    while (this.pending.length >= 9) {
      const length = this.pending.readUIntBE(0, 3)
      if (this.pending.length < 9 + length) return
      this.frames.push({
        type: this.pending[3] ?? 0,
        flags: this.pending[4] ?? 0,
        stream: this.pending.readUInt32BE(5),
        payload: Buffer.from(this.pending.subarray(9, 9 + length)),
      })
      this.pending = this.pending.subarray(9 + length)
    }
  }
}
