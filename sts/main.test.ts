import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PreparedSts, prepareSts } from './prepare.ts'
import { portalUrl, post, signInForTokens } from './testing/sts.ts'

let folder: string
let prepared: PreparedSts
const children = new Set<ChildProcess>()

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hexgate-sts-'))
  prepared = await prepareSts(folder, { password: 'correct horse' })
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

function run(port: number): ChildProcess {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'main.ts')], {
    env: {
      ...process.env,
      HEXGATE_STS_PORT: String(port),
      HEXGATE_STS_DATA: folder,
      HEXGATE_PORTAL_URL: portalUrl,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  return child
}

async function serving(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error('no output to read')
  for await (const line of createInterface(child.stdout)) {
    const entry: { msg?: string; port?: number } = JSON.parse(line)
    if (entry.msg === 'serving' && entry.port) return entry.port
  }
  throw new Error('it ended before it served')
}

test('a login survives kill -9 of the process, and a terminated one goes in peace', async () => {
  const first = run(0)
  const port = await serving(first)
  const sts = { ...prepared, issuer: `http://localhost:${port}` }
  const tokens = await signInForTokens({ ...sts, folder, ...unused })
  first.kill('SIGKILL')
  await once(first, 'exit')
  const second = run(port)
  await serving(second)
  const { body } = await post(sts, '/oauth/introspect', prepared.portalClient, { token: tokens.access_token })
  expect(body).toMatchObject({ active: true })
  second.kill('SIGTERM')
  expect(await once(second, 'exit')).toEqual([0, null])
})

test('a port that is taken is said in one line', async () => {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  const { port } = holder.address() as AddressInfo
  const child = run(port)
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  expect(await once(child, 'close')).toEqual([1, null])
  expect(said).toBe(`Port ${port} is taken.\n`)
  holder.close()
})

test('settings that do not fit are named', async () => {
  const child = run(99_999)
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  expect(await once(child, 'close')).toEqual([1, null])
  expect(said).toContain('HEXGATE_STS_PORT')
})

// The process is started and stopped here, not by the tests' own server.
const unused = {
  restart: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  close: () => Promise.resolve(),
}
