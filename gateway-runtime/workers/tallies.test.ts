import { expect, it } from 'vitest'
import type { FromWorker } from './messages.ts'
import { Entering } from './entering.ts'
import { Tallies } from './tallies.ts'

/** Two workers and the control process between them, all in one. */
function connected() {
  const tallies = new Tallies<string>()
  const workers = new Map<string, Entering>()
  for (const name of ['a', 'b']) {
    const tell = (message: FromWorker) => {
      if (message.kind === 'leave') tallies.leave(name, message.key)
      if (message.kind !== 'enter') return
      const isIn = tallies.enter(name, message.key, message.max)
      queueMicrotask(() => workers.get(name)?.entered(message.ask, message.key, isIn))
    }
    workers.set(name, new Entering(tell))
  }
  const enter = (name: string, key: string) => workers.get(name)?.enterOnNode('sockets')(key, 2)
  return { tallies, enter }
}

it('lets so many enter over all workers, by key, and others once some have left', async () => {
  const { enter, tallies } = connected()
  const first = await enter('a', 'anna')
  expect(first).toBeDefined()
  expect(await enter('b', 'anna')).toBeDefined()
  expect(await enter('a', 'anna')).toBeUndefined()
  expect(await enter('b', 'anna')).toBeUndefined()
  expect(await enter('b', 'joe')).toBeDefined()
  first?.()
  expect(await enter('b', 'anna')).toBeDefined()
  expect(await enter('b', 'anna')).toBeUndefined()
  expect(tallies.size).toBe(2)
})

it('counts nobody any more who was in a worker that ended', async () => {
  const { enter, tallies } = connected()
  await enter('a', 'anna')
  await enter('b', 'anna')
  tallies.gone('a')
  expect(await enter('b', 'anna')).toBeDefined()
  expect(await enter('b', 'anna')).toBeUndefined()
  tallies.gone('b')
  expect(tallies.size).toBe(0)
})

it('lets nobody stay in whom nobody waits for', () => {
  const told: FromWorker[] = []
  const entering = new Entering((message) => told.push(message))
  entering.entered(7, 'sockets anna', true)
  entering.entered(8, 'sockets anna', false)
  expect(told).toEqual([{ kind: 'leave', key: 'sockets anna' }])
})
