import { randomBytes } from 'node:crypto'
import { readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canonicalJson } from '#contract/manifest.ts'
import { oneApi, Publisher } from '../testing/publisher.ts'
import { closing, memoryLog, temporaryFolder } from '../testing/world.ts'
import { type Accepted, Store } from './store.ts'

const end = closing()
const publisher = new Publisher()
let folder: string

function accepted(revision: number): Accepted {
  const items = oneApi('http://upstream.example', { basePath: `/r${revision}` })
  return { signed: publisher.sign(publisher.manifest(revision, items)), items: items.map(canonicalJson) }
}

async function filled(...revisions: number[]): Promise<string[]> {
  const store = await Store.open(folder, memoryLog().log)
  await store.saveIdentity(publisher.identity())
  for (const revision of revisions) await store.save(accepted(revision))
  await store.close()
  return (await readdir(join(folder, 'generations'))).toSorted().reverse()
}

/** The revisions that a fresh store offers, newest first, and what it said in its log. */
async function reopened() {
  const { log, lines } = memoryLog()
  const store = await Store.open(folder, log)
  const revisions: number[] = []
  for await (const { signed, items } of store.generations()) {
    revisions.push(signed.manifest.revision)
    expect(items).toHaveLength(3)
  }
  const { identity } = store
  const newest = await store.newestRevision()
  await store.close()
  return {
    revisions,
    identity,
    newest,
    said: lines.map((line) => `${String(line['code'])} ${String(line['msg'])}`),
  }
}

beforeEach(async () => {
  folder = await temporaryFolder(end)
})
afterEach(() => end.closeAll())

describe('Store', () => {
  it('gives back what was kept, newest first, and keeps three generations', async () => {
    const files = await filled(1, 2, 3, 5)
    expect(files).toHaveLength(3)
    const { revisions, identity, said } = await reopened()
    expect(revisions).toEqual([5, 3, 2])
    expect(identity).toEqual(publisher.identity())
    expect(said).toEqual([])
  })

  it('shows nothing readable on the disk, and its key to the owner alone', async () => {
    const [file = ''] = await filled(1)
    const sealed = await readFile(join(folder, 'generations', file))
    for (const planted of ['upstream.example', 'gateway-1', '/r1'])
      expect(sealed.includes(planted)).toBe(false)
    for (const name of ['key', 'identity.sealed', `generations/${file}`])
      expect((await stat(join(folder, name))).mode & 0o077).toBe(0)
  })

  const damages: [string, (bytes: Buffer) => Buffer, string][] = [
    ['one bit flipped in its body', (bytes) => flipped(bytes, 40), 'altered'],
    ['one bit flipped in its tag', (bytes) => flipped(bytes, bytes.length - 1), 'altered'],
    ['one bit flipped in its nonce', (bytes) => flipped(bytes, 10), 'altered'],
    ['its magic overwritten', (bytes) => flipped(bytes, 0), 'another kind'],
    ['its end cut off', (bytes) => bytes.subarray(0, bytes.length - 100), 'altered'],
    ['nearly all cut off', (bytes) => bytes.subarray(0, 20), 'cut short'],
    ['all cut off', () => Buffer.alloc(0), 'empty'],
    ['zeros in its place', (bytes) => Buffer.alloc(bytes.length), 'another kind'],
  ]
  it.each(damages)('falls back to the generation before, and says so, with %s', async (_, damage, reason) => {
    const [newest = '', previous = ''] = await filled(4, 5)
    const path = join(folder, 'generations', newest)
    await writeFile(path, damage(await readFile(path)))
    const { revisions, said, newest: newestRevision } = await reopened()
    expect(revisions).toEqual([4])
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(newest)
    expect(said[0]).toContain(reason)
    expect(said[0]).toContain(`falling back to ${previous}`)
    expect(newestRevision).toBe(5)
  })

  it('does not take an older generation that was put in the place of the newest', async () => {
    const [newest = '', previous = ''] = await filled(4, 5)
    await writeFile(
      join(folder, 'generations', newest),
      await readFile(join(folder, 'generations', previous)),
    )
    expect((await reopened()).revisions).toEqual([4])
  })

  it('offers nothing, and says why for each, when the key is another one', async () => {
    await filled(4, 5)
    await writeFile(join(folder, 'key'), randomBytes(32))
    const { revisions, said, identity } = await reopened()
    expect(revisions).toEqual([])
    expect(said.filter((line) => line.startsWith('store.generation-unreadable'))).toHaveLength(2)
    expect(said.some((line) => line.startsWith('store.identity-unreadable'))).toBe(true)
    expect(identity.registered).toBeUndefined()
  })

  it('finds its identity in the newest generation when its own file is damaged', async () => {
    await filled(4, 5)
    await writeFile(join(folder, 'identity.sealed'), '')
    const { identity, revisions } = await reopened()
    expect(identity).toEqual(publisher.identity())
    expect(revisions).toEqual([5, 4])
  })

  it('does not offer what was kept for another gateway', async () => {
    await filled(4)
    const store = await Store.open(folder, memoryLog().log)
    await store.saveIdentity(new Publisher('gateway-2').identity())
    await store.close()
    const { revisions, said } = await reopened()
    expect(revisions).toEqual([])
    expect(said[0]).toContain('gateway-1')
  })

  it('refuses a key of the wrong length in a sentence', async () => {
    await filled(1)
    await writeFile(join(folder, 'key'), 'short')
    await expect(Store.open(folder, memoryLog().log)).rejects.toThrow('is no key: it has 5 bytes, not 32')
  })

  it('belongs to one process: a claim of a live one holds, that of a dead one is void', async () => {
    const { ppid } = process
    const line = await readFile(`/proc/${ppid}/stat`, 'latin1')
    const beginning = line.replace(/^.*\) /s, '').split(' ')[19]
    await symlink(`${ppid} ${beginning}`, join(folder, 'lock'))
    await expect(Store.open(folder, memoryLog().log)).rejects.toThrow('in use by another gateway-runtime')
    for (const claim of [`${ppid} 1`, '99999999 1', 'nothing']) {
      await rm(join(folder, 'lock'), { force: true })
      await symlink(claim, join(folder, 'lock'))
      await (await Store.open(folder, memoryLog().log)).close()
    }
    await writeFile(join(folder, 'lock'), '')
    await (await Store.open(folder, memoryLog().log)).close()
  })

  it('removes what an interrupted write left behind', async () => {
    await filled(1)
    await writeFile(join(folder, 'generations', 'x.sealed.0123.tmp'), 'half')
    await reopened()
    expect((await readdir(join(folder, 'generations'))).some((file) => file.endsWith('.tmp'))).toBe(false)
  })
})

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
