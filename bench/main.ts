import { benchProxy } from './proxy.ts'
import { Processes } from './processes.ts'

const usage = `Usage: npm run bench -- proxy [--rounds N] [--seconds N] [--profile DIR]

Measures CPU per request of this gateway beside nginx, HAProxy and Caddy on the same work, prints a table and
writes bench/results.json. Ends with 1 where a gate is crossed.
`

const processes = new Processes()
process.on('SIGINT', () => void stop(130))
process.on('SIGTERM', () => void stop(143))

async function stop(code: number): Promise<never> {
  await processes.stopAll()
  process.exit(code)
}

function numberAfter(flag: string, otherwise: number): number {
  const index = process.argv.indexOf(flag)
  const value = index < 0 ? otherwise : Number(process.argv[index + 1])
  if (!Number.isInteger(value) || value < 1 || value > 1_000)
    throw new Error(`${flag} takes a number from 1 to 1000`)
  return value
}

async function main(): Promise<number> {
  if (process.argv[2] !== 'proxy') {
    process.stderr.write(usage)
    return 2
  }
  const profile = process.argv.indexOf('--profile')
  const folder = profile < 0 ? undefined : process.argv[profile + 1]
  return benchProxy(processes, {
    rounds: numberAfter('--rounds', 3),
    seconds: numberAfter('--seconds', 5),
    ...(folder === undefined ? {} : { profileFolder: folder }),
  })
}

try {
  await stop(await main())
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  await stop(1)
}
