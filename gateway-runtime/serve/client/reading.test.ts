import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { closing, until } from '../../testing/world.ts'
import { giveBack, withoutLookAhead } from './reading.ts'

const end = closing()
afterEach(() => end.closeAll())

/** Both ends of a connection, and what the accepted one has got. */
async function connection(prepare: (accepted: Socket) => void) {
  const server = createServer({ allowHalfOpen: true })
  end.add(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
  const [accepted] = (await once(server, 'connection')) as [Socket]
  end.add(() => void client.destroy())
  end.add(() => void accepted.destroy())
  prepare(accepted)
  const got = { bytes: 0 }
  accepted.on('data', (bytes: Buffer) => (got.bytes += bytes.length))
  return { client, accepted, got }
}

describe('an accepted socket', () => {
  const readsOf = async (prepare: (accepted: Socket) => void) => {
    const { client, accepted, got } = await connection(prepare)
    const read = vi.spyOn(accepted, 'read')
    client.write('x')
    await until('the first byte', () => got.bytes === 1)
    const before = read.mock.calls.length
    for (let sent = 2; sent <= 6; sent++) {
      client.write('x')
      await until('a byte', () => got.bytes === sent)
    }
    return read.mock.calls.length - before
  }

  it('is read once for each chunk, and not ahead', async () => {
    expect(await readsOf(withoutLookAhead)).toBe(0)
  })

  it('would be read ahead after every chunk otherwise', async () => {
    expect(await readsOf(() => undefined)).toBeGreaterThan(0)
  })

  it('gets all that came while it was paused, and the end', async () => {
    const { client, accepted, got } = await connection(withoutLookAhead)
    const sent = 5_000_000
    accepted.pause()
    client.end(Buffer.alloc(sent))
    await until('as much as is kept for a paused socket', () => accepted.readableLength > 60_000)
    expect(got.bytes).toBe(0)
    const ended = once(accepted, 'end')
    accepted.resume()
    await ended
    expect(got.bytes).toBe(sent)
  })
})

describe('the memory of a read', () => {
  it('is given back where it is large and the bytes are all of it', () => {
    const whole = Buffer.from(new ArrayBuffer(65_536))
    giveBack(whole)
    expect(whole.length).toBe(0)
  })

  it.each([
    ['small', Buffer.from(new ArrayBuffer(1_000))],
    ['a part of something larger', Buffer.from(new ArrayBuffer(65_536)).subarray(0, 40_000)],
    ['of the memory that small buffers share', Buffer.from('x'.repeat(100))],
    ['shared with another thread', Buffer.from(new SharedArrayBuffer(65_536))],
  ])('stays where it is %s', (_, bytes) => {
    const { length } = bytes
    giveBack(bytes)
    expect(bytes.length).toBe(length)
  })
})
