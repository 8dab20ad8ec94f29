import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

const codes = { 'server failure': 2, 'no such name': 3 } as const

/** What a DNS server says to every question for an address; `nothing` is no answer at all. */
export type DnsState = readonly string[] | keyof typeof codes | 'nothing'

/** A DNS server at an address of this machine; the system's resolver asks port 53 and no other. */
export class DnsServer {
  state: DnsState = []
  asked = 0
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (query, from) => {
      this.asked += 1
      if (this.state !== 'nothing') socket.send(answerTo(query, this.state), from.port, from.address)
    })
  }

  static async start(address: string): Promise<DnsServer> {
    const socket = createSocket('udp4')
    socket.bind(53, address)
    await once(socket, 'listening')
    return new DnsServer(socket)
  }

  stop(): void {
    this.#socket.close()
  }
}

/** Records that are good for a second (RFC 1035 §4.1); there are none for questions of other types than A. */
function answerTo(query: Buffer, state: Exclude<DnsState, 'nothing'>): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5
  const isA = query.readUInt16BE(questionEnd - 4) === 1
  const addresses = typeof state === 'string' || !isA ? [] : state
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(0x8180 | (typeof state === 'string' ? codes[state] : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(addresses.length, 6)
  header.writeUInt32BE(0, 8)
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]),
  )
  return Buffer.concat([header, query.subarray(12, questionEnd), ...records])
}
