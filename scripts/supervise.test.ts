import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from './ports.ts'
import { type Part, type RunningPart, startPart } from './supervise.ts'

const serving = `
  import { createServer } from 'node:http'
  createServer((request, response) => {
    if (request.url === '/die') process.exit(7)
    response.end(String(process.pid))
  }).listen(Number(process.env.PORT), '127.0.0.1')
`

describe('a part of the start', () => {
  let folder: string
  let running: RunningPart | null
  const said: string[] = []
  const context = () => ({ report: (line: string) => said.push(line), halted: new AbortController().signal })

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'hexgate-supervise-'))
    running = null
    said.length = 0
  })
  afterEach(async () => {
    await running?.stop()
    await rm(folder, { recursive: true })
  })

  async function part(code: string): Promise<Part & { url: string }> {
    const file = path.join(folder, 'part.mjs')
    await writeFile(file, code)
    const url = `http://127.0.0.1:${await freePort()}`
    return { name: 'probe', args: [file], env: { PORT: new URL(url).port }, readyUrl: url, url }
  }
  const pidAt = (url: string) =>
    fetch(url).then(
      (response) => response.text(),
      () => '',
    )

  it('is started again when it dies, and that is said', async () => {
    const wanted = await part(serving)
    running = await startPart(wanted, folder, context())
    const first = await pidAt(wanted.url)
    await fetch(`${wanted.url}/die`).catch(() => {})
    await expect.poll(() => pidAt(wanted.url), { timeout: 10_000 }).toMatch(/^\d+$/)
    expect(await pidAt(wanted.url)).not.toBe(first)
    expect(said).toEqual([expect.stringContaining('The probe ended (exit code 7)')])
  })

  it('leaves no process behind when it is stopped', async () => {
    const wanted = await part(serving)
    const started = await startPart(wanted, folder, context())
    const pid = Number(await pidAt(wanted.url))
    await started.stop()
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
  })

  it('that ends before it serves fails with its own last words', async () => {
    const wanted = await part(`throw new Error('the store is unreadable')`)
    await expect(startPart(wanted, folder, context())).rejects.toThrow(
      'The probe does not start: Error: the store is unreadable',
    )
  })

  it('keeps what it says in its log', async () => {
    const wanted = await part(`console.log('hello from the part');${serving}`)
    running = await startPart(wanted, folder, context())
    await expect.poll(() => readFile(path.join(folder, 'probe.log'), 'utf8')).toContain('hello from the part')
  })
})
