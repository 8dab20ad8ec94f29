import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Closing } from './world.ts'

/** Between a client and a gateway: TLS passes record by record, and the test is asked in the midst of each. */

/** Called when half of a record is through, with its place among all records of its connection; the rest waits. */
export type Between = (record: number) => Promise<void>

const headerBytes = 5

export async function startRecordRelay(port: number, end: Closing, between: Between): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => void relay(client, port, between))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  end.add(() => server.close())
  return (server.address() as AddressInfo).port
}

async function relay(client: Socket, port: number, between: Between): Promise<void> {
  const gateway = connect({ host: '127.0.0.1', port, noDelay: true })
  let count = 0
  // Of both directions one after the other, so that no record overtakes the one that is held.
  let turn = Promise.resolve()
  const pass = (from: Socket, to: Socket) => {
    let waiting = Buffer.alloc(0)
    from.on('data', (bytes: Buffer) => {
      waiting = Buffer.concat([waiting, bytes])
      for (let length = recordIn(waiting); length !== null; length = recordIn(waiting)) {
        const record = waiting.subarray(0, length)
        waiting = waiting.subarray(length)
        const number = count++
        const half = Math.ceil(record.length / 2)
        turn = turn.then(async () => {
          to.write(record.subarray(0, half))
          await between(number)
          to.write(record.subarray(half))
        })
      }
    })
    from.on('error', () => to.destroy())
    from.on('close', () => void turn.then(() => to.destroy()))
  }
  pass(client, gateway)
  pass(gateway, client)
}

/** How long the first record is; null while it is not whole. */
function recordIn(bytes: Buffer): number | null {
  if (bytes.length < headerBytes) return null
  const length = headerBytes + bytes.readUInt16BE(3)
  return bytes.length < length ? null : length
}
