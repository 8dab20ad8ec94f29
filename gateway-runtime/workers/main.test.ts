import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, it } from 'vitest'
import type { Item } from '#contract/items.ts'
import { oneApi, policy } from '../testing/publisher.ts'
import { closing, startUpstream, until } from '../testing/world.ts'
import type { FromWorker, ToWorker } from './messages.ts'

const end = closing()
afterEach(() => end.closeAll())

/** A worker whose control process is this test. */
function start(execArgv: string[] = []) {
  const child: ChildProcess = fork(new URL('main.ts', import.meta.url), [], {
    execArgv,
    serialization: 'json',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  end.add(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const heard: FromWorker[] = []
  child.on('message', (message) => heard.push(message as FromWorker))
  const tell = (message: ToWorker) => child.send(message)
  const answer = async <K extends FromWorker['kind']>(kind: K) => {
    await until(kind, () => heard.some((message) => message.kind === kind) || child.exitCode !== null)
    return heard.find((message) => message.kind === kind) as Extract<FromWorker, { kind: K }> | undefined
  }
  return { child, exit, output: () => output, tell, answer }
}

async function serving(items: readonly Item[], execArgv: string[] = []) {
  const worker = start(execArgv)
  const options = { trustedHops: 0, allowLoopback: true, accessLog: true, override: {} }
  // Nobody listens there; the packages for them are loaded all the same.
  const away = { sharedStore: 'redis://127.0.0.1:1', otlpEndpoint: 'http://127.0.0.1:1' }
  worker.tell({ kind: 'start', options: { ...options, ...away }, drainMs: 5_000 })
  expect(await worker.answer('started')).toBeDefined()
  worker.tell({ kind: 'items', remove: [], set: items.map((item) => [item.id, item.id, item]) })
  worker.tell({ kind: 'prepare', ask: 1, bound: {} })
  const prepared = await worker.answer('prepared')
  worker.tell({ kind: 'commit', ask: 2 })
  await worker.answer('done')
  const bound = prepared?.result.ok === true ? prepared.result.bound : {}
  return { ...worker, url: `http://127.0.0.1:${Object.values(bound)[0]}/orders` }
}

it('a worker leaves the lengths of typed arrays as fast as they are, loaded, serving and counting', async () => {
  const upstream = await startUpstream('orders', end)
  const limit = { rateLimits: [{ maximumRequests: 100, timePeriodInMilliseconds: 1_000 }] }
  // Asks for the keys of a token, where nobody has any, and lets the call through.
  const keys = { jwksUrl: ['http://127.0.0.1:1/keys'] }
  const asks = { ...policy('jwt-validation', keys), order: 2, dryRun: true }
  const items = oneApi(upstream, { policies: [policy('rate-limiting', limit), asks] })
  const worker = await serving(items, ['--trace-protector-invalidation'])
  const [header = '', claims = ''] = [{ alg: 'RS256', kid: 'one' }, {}].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  const headers = { authorization: `Bearer ${header}.${claims}.${'A'.repeat(342)}` }
  expect((await fetch(worker.url, { method: 'POST', headers, body: 'x'.repeat(100_000) })).status).toBe(200)
  worker.tell({ kind: 'figures', ask: 3 })
  await worker.answer('figures')
  worker.tell({ kind: 'drain', deadlineMs: 100, graceMs: 0 })
  expect(await worker.exit).toBe(0)
  expect(worker.output()).toContain('"path":"/orders"')
  expect(worker.output()).not.toContain('TypedArrayLengthLookupChain')
})

it('the flag that shows it does show it, where a package is loaded by its main', async () => {
  const args = ['--trace-protector-invalidation', '--eval', 'await import("pino")']
  const child = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  expect(output).toContain('TypedArrayLengthLookupChain')
})

it('a worker whose control process is gone closes its ports, answers what runs and ends', async () => {
  const worker = await serving(oneApi(await startUpstream('orders', end)))
  expect((await fetch(worker.url)).status).toBe(200)
  worker.child.disconnect()
  expect(await worker.exit).toBe(0)
  await expect(fetch(worker.url)).rejects.toThrow('fetch failed')
})

it('a worker leaves signals to its control process', async () => {
  const worker = await serving(oneApi(await startUpstream('orders', end)))
  worker.child.kill('SIGINT')
  worker.child.kill('SIGTERM')
  expect((await fetch(worker.url, { headers: { connection: 'close' } })).status).toBe(200)
  expect(worker.child.exitCode).toBeNull()
})
