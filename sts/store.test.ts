import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Store } from './store.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hexgate-store-'))
})
afterEach(() => rm(folder, { recursive: true }))

const forever = { payload: { a: 1 }, expiresAt: null }
const noDamage = () => expect.unreachable()

test('what was confirmed is there after an end without goodbye', async () => {
  const store = await Store.open(folder, noDamage)
  await Promise.all([
    store.set('one', forever),
    store.set('two', forever),
    store.set('one', { ...forever, payload: { a: 2 } }),
  ])
  await store.remove('two')
  const again = await Store.open(folder, noDamage)
  expect(again.get('one')?.payload).toEqual({ a: 2 })
  expect(again.get('two')).toBeUndefined()
  await Promise.all([store.close(), again.close()])
})

test('a write that was cut off is as if it had never begun', async () => {
  const store = await Store.open(folder, noDamage)
  await store.set('one', forever)
  await store.close()
  await appendFile(path.join(folder, 'state.jsonl'), '{"key":"two","payl')
  const again = await Store.open(folder, noDamage)
  expect(again.get('one')).toBeDefined()
  expect(again.get('two')).toBeUndefined()
  await again.close()
})

test('a damaged log is put aside whole, and said', async () => {
  await writeFile(path.join(folder, 'state.jsonl'), '{"key":"one","payload":{},"expiresAt":null}\nrubbish\n')
  const heard: string[] = []
  const store = await Store.open(folder, (aside) => heard.push(path.basename(aside)))
  expect(store.get('one')).toBeUndefined()
  expect(heard).toEqual((await readdir(folder)).filter((name) => name.includes('damaged')))
  expect(heard).toHaveLength(1)
  await store.close()
})

test('what has expired is neither given nor kept', async () => {
  const store = await Store.open(folder, noDamage)
  await store.set('old', { payload: {}, expiresAt: Date.now() - 1 })
  await store.set('new', { payload: {}, expiresAt: Date.now() + 60_000 })
  expect(store.get('old')).toBeUndefined()
  store.sweep(Date.now())
  expect(store.keys('')).toEqual(['new'])
  await store.close()
})

test('the log does not grow with history', async () => {
  const store = await Store.open(folder, noDamage)
  for (let round = 0; round < 30; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => store.set(`key-${index % 10}`, forever)))
  }
  await store.close()
  const lines = (await readFile(path.join(folder, 'state.jsonl'), 'utf8')).split('\n')
  expect(lines.length).toBeLessThan(1_500)
  const again = await Store.open(folder, noDamage)
  expect(again.keys('key-')).toHaveLength(10)
  await again.close()
})
