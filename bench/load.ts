import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import { cpuSeconds, LOAD_CORE } from './processes.ts'

const run = promisify(execFile)

export interface Load {
  readonly url: string
  readonly headers: readonly string[]
  readonly connections: number
  /** Bytes of a body to POST; without it the request is a GET. */
  readonly body?: number
  /** With a client certificate out of a folder, on new connections each time or on kept ones. */
  readonly tls?: { readonly folder: string; readonly fresh: boolean }
}

export interface Sample {
  readonly cpuMicroseconds: number
  readonly requestsPerSecond: number
  /** Requests that were answered, and those that were not answered well. */
  readonly requests: number
  readonly failed: number
}

interface Answered {
  readonly requests: number
  readonly failed: number
  readonly seconds: number
}

/**
 * Asks as fast as answers come, and reads what CPU the proxy's processes used meanwhile for each of them. Throws where
 * a larger share of the requests than is tolerated was not answered well.
 */
export async function measure(
  proxyPid: number,
  load: Load,
  seconds: number,
  failedShareMax = 0,
): Promise<Sample> {
  const before = cpuSeconds(proxyPid)
  const answered = await (load.tls === undefined ? wrk(load, seconds) : tlsLoad(load, load.tls, seconds))
  const used = cpuSeconds(proxyPid) - before
  const { requests, failed } = answered
  if (failed > requests * failedShareMax)
    throw new Error(`${failed} of ${requests} requests to ${load.url} failed`)
  if (requests === 0) throw new Error(`no request to ${load.url} was answered`)
  const requestsPerSecond = requests / answered.seconds
  return { cpuMicroseconds: (used / requests) * 1e6, requestsPerSecond, requests, failed }
}

async function onLoadCore(command: readonly string[], seconds: number): Promise<string> {
  const { stdout } = await run('taskset', ['-c', LOAD_CORE, ...command], { timeout: (seconds + 20) * 1_000 })
  return stdout
}

async function wrk({ url, headers, connections, body }: Load, seconds: number): Promise<Answered> {
  const script = body === undefined ? [] : ['-s', postScript(body)]
  const fields = headers.flatMap((header) => ['-H', header])
  const command = [
    'wrk',
    '-t1',
    '--timeout',
    '30s',
    `-c${connections}`,
    `-d${seconds}s`,
    ...script,
    ...fields,
    url,
  ]
  const said = await onLoadCore(command, seconds)
  const [, requests, took] = /(\d+) requests in ([\d.]+)s/.exec(said) ?? []
  if (requests === undefined) throw new Error(`wrk said something else:\n${said}`)
  const statuses = Number(/Non-2xx or 3xx responses: (\d+)/.exec(said)?.[1] ?? 0)
  const socketErrors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(said)?.slice(1) ?? []
  const failed = statuses + socketErrors.reduce((sum, count) => sum + Number(count), 0)
  return { requests: Number(requests), failed, seconds: Number(took) }
}

function clientCommand(file: string, options: unknown): string[] {
  return [process.execPath, fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(options)]
}

const tlsAnswer = z.object({ requests: z.number(), failed: z.number() })

/** What the client in tls-load.ts is told. */
export interface TlsOptions {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly seconds: number
  readonly fresh: boolean
  readonly folder: string
}

async function tlsLoad(
  { url, connections }: Load,
  { folder, fresh }: { readonly folder: string; readonly fresh: boolean },
  seconds: number,
): Promise<Answered> {
  const { port, pathname } = new URL(url)
  const options: TlsOptions = { port: Number(port), path: pathname, connections, seconds, fresh, folder }
  const said = await onLoadCore(clientCommand('tls-load.ts', options), seconds)
  return { ...tlsAnswer.parse(JSON.parse(said)), seconds }
}

/** What the client in rate-load.ts is told. */
export interface RateOptions {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly seconds: number
  readonly requestsPerSecond: number
}

const rateAnswer = z.strictObject({
  answered: z.int(),
  failed: z.int(),
  /** Milliseconds from the moment at which a request was due to the end of its answer. */
  p50Ms: z.number(),
  p99Ms: z.number(),
  longestMs: z.number(),
  /** By how much requests left later than they were due although a connection was free. */
  lateP99Ms: z.number(),
})
export type RateAnswer = z.infer<typeof rateAnswer>

/** A load at a constant rate that goes on until its seconds are over or it is stopped. */
export interface RateLoad {
  readonly answer: Promise<RateAnswer>
  stop(): Promise<RateAnswer>
}

/**
 * Asks at a constant rate, whatever the answers do. At a high one the client looks at its clock without a pause;
 * `givesWay` has it do so only while nobody else wants its core.
 */
export function startRateLoad(options: RateOptions, { givesWay = false } = {}): RateLoad {
  const policy = givesWay ? ['chrt', '--idle', '0'] : []
  const command = ['-c', LOAD_CORE, ...policy, ...clientCommand('rate-load.ts', options)]
  const running = run('taskset', command, { timeout: (options.seconds + 60) * 1_000 })
  const answer = running.then(({ stdout }) => rateAnswer.parse(JSON.parse(stdout)))
  return {
    answer,
    stop() {
      running.child.kill('SIGTERM')
      return answer
    },
  }
}

const scripts = new Map<number, string>()

function postScript(bytes: number): string {
  const known = scripts.get(bytes)
  if (known !== undefined) return known
  const file = join(mkdtempSync(join(tmpdir(), 'hexgate-wrk-')), 'post.lua')
  writeFileSync(file, `wrk.method = "POST"\nwrk.body = string.rep("x", ${bytes})\n`)
  process.once('exit', () => rmSync(dirname(file), { recursive: true, force: true }))
  scripts.set(bytes, file)
  return file
}
