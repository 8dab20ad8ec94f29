import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createSharedStore, StoreAway } from './shared-store.ts'
import { startRedis } from './testing/redis.ts'
import { closing, memoryLog, until } from './testing/world.ts'

const end = closing()
afterEach(() => end.closeAll())

async function opened() {
  const redis = await startRedis(end)
  const { log, lines } = memoryLog()
  const store = createSharedStore(redis.url, log)
  end.add(() => store.close())
  await until('connected', () => store.isConnected)
  return { redis, store, lines }
}

const bytes = Uint8Array.from([0, 255, 10, 13, 128])

describe('the shared store', () => {
  it('keeps bytes for as long as it was told, and forgets what is deleted', async () => {
    const { store } = await opened()
    await store.set('a', bytes, 60_000)
    expect([...((await store.get('a')) ?? [])]).toEqual([...bytes])
    expect(await store.get('b')).toBeUndefined()
    await store.delete(['a'])
    expect(await store.get('a')).toBeUndefined()
    await store.delete([])
    await store.set('brief', bytes, 20)
    await until('the entry has ended', async () => (await store.get('brief')) === undefined)
  })

  it('runs a script over its keys, also one that the store has not seen yet', async () => {
    const { store } = await opened()
    const script = "redis.call('SET', KEYS[1], ARGV[1]) return { 7, redis.call('GET', KEYS[1]) }"
    expect(await store.evaluate(script, ['k'], [12.5])).toEqual([7, '12.5'])
    expect(await store.evaluate(script, ['k'], ['x'])).toEqual([7, 'x'])
    await expect(store.evaluate('return nonsense(', ['k'], [])).rejects.toThrow(/compiling script/)
  })

  it('rejects at once while the store is away, and is back by itself', async () => {
    const { redis, store, lines } = await opened()
    await redis.stop()
    await until('the loss is noticed', () => !store.isConnected)
    const began = performance.now()
    await expect(store.get('a')).rejects.toThrow(StoreAway)
    expect(performance.now() - began).toBeLessThan(50)
    await redis.start()
    await until('connected again', () => store.isConnected)
    await store.set('a', bytes, 1_000)
    expect(lines.map((line) => line['code'])).toEqual([
      'shared_store.connected',
      'shared_store.away',
      'shared_store.connected',
    ])
  })

  it('does not make requests wait for a store that stands still: the first waits its limit, the next none', async () => {
    const { redis, store } = await opened()
    redis.pause()
    await expect(store.get('a')).rejects.toThrow('took longer than 100 ms')
    const began = performance.now()
    for (let i = 0; i < 20; i++) await expect(store.get('a')).rejects.toThrow('slow')
    expect(performance.now() - began).toBeLessThan(80)
    redis.resume()
    await until('it answers again', () =>
      store.get('a').then(
        () => true,
        () => false,
      ),
    )
  })

  it('never holds up a start: nothing listens, and it says so once without the password', async () => {
    const { log, lines } = memoryLog()
    const nobody = createServer()
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve))
    const { port } = nobody.address() as AddressInfo
    await new Promise((resolve) => nobody.close(resolve))
    const store = createSharedStore(`redis://:hunter2@127.0.0.1:${port}`, log)
    await expect(store.get('a')).rejects.toThrow(StoreAway)
    await until('it was said', () => lines.length > 0)
    expect(lines[0]).toMatchObject({ code: 'shared_store.away', where: `redis://127.0.0.1:${port}` })
    await store.close()
    expect(JSON.stringify(lines)).not.toContain('hunter2')
    expect(lines).toHaveLength(1)
  })
})
