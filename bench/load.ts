import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cpuSeconds } from './processes.ts'

const run = promisify(execFile)

export interface Load {
  readonly url: string
  readonly headers?: readonly string[]
  readonly connections: number
  readonly seconds: number
  readonly core: number
  /** Bytes of a body to POST; without it the request is a GET. */
  readonly body?: number
  /** With a client certificate out of a folder, on new connections each time or on kept ones. */
  readonly tls?: { readonly folder: string; readonly fresh: boolean }
}

export interface Sample {
  readonly cpuMicroseconds: number
  readonly requestsPerSecond: number
}

/** Drives wrk against a proxy and reads what CPU the proxy's processes used meanwhile, for each request answered. */
export async function measure(proxyPid: number, load: Load): Promise<Sample> {
  const before = cpuSeconds(proxyPid)
  const { requests, failed, seconds } = await (load.tls === undefined ? wrk(load) : tlsLoad(load, load.tls))
  const used = cpuSeconds(proxyPid) - before
  if (failed > 0) throw new Error(`${failed} of ${requests} requests to ${load.url} failed`)
  if (requests === 0) throw new Error(`no request to ${load.url} was answered`)
  return { cpuMicroseconds: (used / requests) * 1e6, requestsPerSecond: requests / seconds }
}

async function wrk(load: Load): Promise<{ requests: number; failed: number; seconds: number }> {
  const headers = (load.headers ?? []).flatMap((header) => ['-H', header])
  const script = load.body === undefined ? [] : ['-s', postScript(load.body)]
  const args = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, ...script, ...headers, load.url]
  const { stdout } = await run('taskset', ['-c', String(load.core), 'wrk', ...args], {
    timeout: (load.seconds + 20) * 1000,
  })
  const [, requests, seconds] = /(\d+) requests in ([\d.]+)s/.exec(stdout) ?? []
  if (requests === undefined) throw new Error(`wrk said something else:\n${stdout}`)
  const statuses = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0)
  const socketErrors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1) ?? []
  const failed = statuses + socketErrors.reduce((sum, count) => sum + Number(count), 0)
  return { requests: Number(requests), failed, seconds: Number(seconds) }
}

async function tlsLoad(
  { url, connections, seconds, core }: Load,
  { folder, fresh }: { readonly folder: string; readonly fresh: boolean },
): Promise<{ requests: number; failed: number; seconds: number }> {
  const { port, pathname } = new URL(url)
  const client = fileURLToPath(new URL('tls-load.ts', import.meta.url))
  const args = [port, pathname, connections, seconds, fresh ? 'new' : 'keep', folder].map(String)
  const { stdout } = await run('taskset', ['-c', String(core), process.execPath, client, ...args], {
    timeout: (seconds + 20) * 1000,
  })
  const [, requests, failed] = /(\d+) requests in [\d.]+s, (\d+) failed/.exec(stdout) ?? []
  if (requests === undefined) throw new Error(`the TLS client said something else:\n${stdout}`)
  return { requests: Number(requests), failed: Number(failed), seconds }
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

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new RangeError('no values')
  return sorted.length % 2 === 1 ? middle : (middle + (sorted[sorted.length / 2 - 1] ?? middle)) / 2
}
