import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDataFolder } from './data-folder.ts'
import { Failure } from './failure.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hexgate-data-folder-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('makes the data folder and what leads to it, and takes one that is there', async () => {
  const wanted = path.join(folder, 'not', 'yet', 'there')
  await openDataFolder(wanted)
  await openDataFolder(wanted)
  expect((await stat(wanted)).isDirectory()).toBe(true)
})

it('refuses a file in one line', async () => {
  const file = path.join(folder, 'file')
  await writeFile(file, '')
  await expect(openDataFolder(file)).rejects.toThrow(new Failure(`The data folder ${file} is not a folder.`))
  await expect(openDataFolder(path.join(file, 'below'))).rejects.toThrow(Failure)
})

it.runIf(process.platform === 'linux')('refuses in one line where no folder can be made', async () => {
  await expect(openDataFolder('/proc/none/here')).rejects.toThrow(
    /^The data folder .* cannot be used: [^\n]+$/,
  )
})
