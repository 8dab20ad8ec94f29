import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { LogFile } from './log-file.ts'

it('a log keeps its newest lines and never more than twice its limit', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hexgate-log-'))
  const file = path.join(folder, 'part.log')
  for (const start of [0, 50]) {
    const log = new LogFile(file, 100)
    for (let index = start; index < start + 50; index += 1) log.write(Buffer.from(`line ${index}\n`))
    log.close()
  }
  const [newest, older] = await Promise.all([readFile(file, 'utf8'), readFile(`${file}.1`, 'utf8')])
  expect(newest).toMatch(/line 99\n$/)
  expect(newest.length).toBeLessThanOrEqual(100)
  expect(older.length).toBeLessThanOrEqual(100)
  await rm(folder, { recursive: true })
})
