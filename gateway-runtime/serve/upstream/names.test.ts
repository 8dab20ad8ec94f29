import { createSocket } from 'node:dgram'
import { type LookupAddress, Resolver } from 'node:dns'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Names, type NameSources, ttlFrom } from './names.ts'

const four = (address: string): LookupAddress => ({ address, family: 4 })

/** A name service whose answer can be changed and taken away. */
function service(...initial: string[]) {
  const state = { addresses: initial, asked: 0, ttl: undefined as number | undefined, isDown: false }
  const sources: NameSources = {
    addresses: async () => {
      state.asked++
      if (state.isDown) throw new Error('no DNS')
      return state.addresses.map(four)
    },
    ttlSeconds: async () => state.ttl,
  }
  const clock = { ms: 0 }
  return { state, clock, names: new Names(sources, () => clock.ms) }
}

const found = async (names: Names) => (await names.find('orders.example')).map(({ address }) => address)

describe('names', () => {
  it('have their addresses used in turn, with the others behind', async () => {
    const { names, state } = service('10.0.0.1', '10.0.0.2', '10.0.0.3')
    expect(await found(names)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    expect(await found(names)).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.1'])
    expect(await found(names)).toEqual(['10.0.0.3', '10.0.0.1', '10.0.0.2'])
    expect(state.asked).toBe(1)
  })

  it('are asked for once, however many wait', async () => {
    const { names, state } = service('10.0.0.1')
    await Promise.all(Array.from({ length: 50 }, () => names.find('orders.example')))
    expect(state.asked).toBe(1)
  })

  it('are asked for again after 30 seconds, or as soon as DNS says', async () => {
    const { names, state, clock } = service('10.0.0.1')
    await found(names)
    state.addresses = ['10.0.0.9']
    clock.ms = 29_999
    expect(await found(names)).toEqual(['10.0.0.1'])
    clock.ms = 30_000
    state.ttl = 5
    expect(await found(names)).toEqual(['10.0.0.9'])
    state.addresses = ['10.0.0.7']
    clock.ms = 35_000
    expect(await found(names)).toEqual(['10.0.0.7'])
  })

  it('keep their last good addresses while DNS is away, at once, and find new ones when it is back', async () => {
    const { names, state, clock } = service('10.0.0.1')
    await found(names)
    state.isDown = true
    clock.ms = 40_000
    expect(await found(names)).toEqual(['10.0.0.1'])
    clock.ms = 3_000_000
    expect(await found(names)).toEqual(['10.0.0.1'])
    state.isDown = false
    state.addresses = ['10.0.0.2']
    clock.ms = 3_010_000
    await found(names)
    expect(await found(names)).toEqual(['10.0.0.2'])
  })

  it('that were never found fail with the reason, and are asked for again after a pause', async () => {
    const { names, state, clock } = service()
    state.isDown = true
    await expect(found(names)).rejects.toThrow('no DNS')
    await expect(found(names)).rejects.toThrow('no DNS')
    expect(state.asked).toBe(1)
    state.isDown = false
    state.addresses = ['10.0.0.1']
    clock.ms = 6_000
    expect(await found(names)).toEqual(['10.0.0.1'])
  })

  it('lead to no forbidden address, looked at for each connection anew', async () => {
    const { names, state, clock } = service('10.0.0.1', '169.254.169.254')
    const lookup = (isAll: boolean) =>
      new Promise((resolve) => {
        names.lookupFor(false)('orders.example', { all: isAll }, (error, address) =>
          resolve(error === null ? address : error.message),
        )
      })
    expect(await lookup(true)).toEqual([four('10.0.0.1')])
    expect(await lookup(false)).toBe('10.0.0.1')
    state.addresses = ['127.0.0.1']
    clock.ms = 31_000
    expect(await lookup(true)).toBe('no address of that name may be reached')
  })

  it('are good for the shortest time that the DNS server says', async () => {
    const server = createSocket('udp4')
    server.on('message', (query, from) => server.send(answerTo(query), from.port))
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    const resolver = new Resolver({ timeout: 2_000, tries: 1 })
    resolver.setServers([`127.0.0.1:${server.address().port}`])
    expect(await ttlFrom(resolver, 'orders.example')).toBe(7)
    expect(await ttlFrom(resolver, '10.0.0.1')).toBeUndefined()
    server.close()
  })
})

/** One A record with a TTL of 7 s for questions of type A, nothing for others (RFC 1035 §4.1). */
function answerTo(query: Buffer): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5
  const isA = query.readUInt16BE(questionEnd - 4) === 1
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(0x8180, 2)
  header.writeUInt16BE(isA ? 1 : 0, 6)
  header.writeUInt32BE(0, 8)
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 7, 0, 4, 10, 0, 0, 1])
  return Buffer.concat([header, query.subarray(12, questionEnd), ...(isA ? [record] : [])])
}
