import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Closing } from './world.ts'

const main = join(import.meta.dirname, '../main.ts')

/** The gateway-runtime as a process of its own. */
export interface GatewayProcess {
  readonly process: ChildProcess
  /** All that it wrote so far. */
  readonly output: () => string
  readonly exit: Promise<number | null>
}

/**
 * Starts it in an environment of its own: of the test's it sees what is given alone. `within` is a command that runs
 * what stands behind it.
 */
export function runGateway(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  end: Closing,
  within: readonly string[] = [],
): GatewayProcess {
  const [program = '', ...rest] = [...within, process.execPath, main, ...args]
  const child = spawn(program, rest, {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  end.add(async () => {
    child.kill('SIGKILL')
    await exit
  })
  return { process: child, output: () => output, exit }
}
