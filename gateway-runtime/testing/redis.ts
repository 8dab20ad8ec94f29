import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { missing } from '#scripts/debian.ts'
import { type Closing, temporaryFolder, until } from './world.ts'

/** A Redis of a test's own that can be stopped, started again on its port, and held still. */
export interface TestRedis {
  readonly url: string
  start(): Promise<void>
  stop(): Promise<void>
  /** Holds the process still, as a machine without time for it would, until `resume`. */
  pause(): void
  resume(): void
}

/** Starts a redis-server that keeps nothing. Throws one sentence where there is none. */
export async function startRedis(end: Closing): Promise<TestRedis> {
  const absent = missing(['redis-server'])
  if (absent !== null) throw new Error(absent)
  const folder = await temporaryFolder(end)
  let port = await freePort()
  let running: ChildProcess | undefined
  const redis: TestRedis = {
    get url() {
      return `redis://127.0.0.1:${port}`
    },
    async start() {
      // The port was free a moment ago; should another process have been quicker, there is another port.
      for (let attempt = 0; attempt < 5; attempt++) {
        running = await launched(port, folder)
        if (running !== undefined) return
        port = await freePort()
      }
      throw new Error('redis-server did not start')
    },
    async stop() {
      const stopping = running
      running = undefined
      if (stopping === undefined || stopping.exitCode !== null) return
      const ended = new Promise((resolve) => stopping.once('exit', resolve))
      stopping.kill('SIGKILL')
      await ended
    },
    pause: () => void running?.kill('SIGSTOP'),
    resume: () => void running?.kill('SIGCONT'),
  }
  end.add(() => redis.stop())
  await redis.start()
  return redis
}

async function launched(port: number, folder: string): Promise<ChildProcess | undefined> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', [...args, '--dir', folder], { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until(
    'redis-server is ready',
    () => said.includes('Ready to accept connections') || child.exitCode !== null,
  )
  return child.exitCode === null ? child : undefined
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
