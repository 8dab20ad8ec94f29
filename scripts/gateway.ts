import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import path from 'node:path'
import { Failure } from './failure.ts'
import { checkout } from './folders.ts'
import { isFree, listenFault } from './ports.ts'

/** npm run gateway -- …: a node from this checkout. Its arguments are those of gateway-runtime/main.ts. */
export async function run(args: readonly string[]): Promise<number> {
  const child = spawn(
    process.execPath,
    [...leashed, 'gateway-runtime/main.ts', ...args, ...(await fitting(args))],
    {
      cwd: checkout,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    },
  )
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(`The gateway does not start: ${error.message}`)))
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

const leashed = ['--import', path.join(checkout, 'scripts', 'leashed.ts')]

const usualPorts = { 'admin-port': 9901, 'http-port': 8081 } as const

/**
 * What a second node on the same machine needs and nobody should have to type: a store of its own, one for each
 * key, so that the same command is the same node, and ports beside those that are taken.
 */
export async function fitting(args: readonly string[]): Promise<string[]> {
  const given = (option: string) =>
    args.some((arg) => arg === `--${option}` || arg.startsWith(`--${option}=`))
  if (given('help') || given('local')) return []
  const key = keyIn(args) ?? process.env['HEXGATE_GATEWAY_KEY']
  const added: string[] = []
  if (!given('data') && !process.env['HEXGATE_DATA'] && key) {
    added.push('--data', path.join(checkout, '.data', 'nodes', hash('sha256', key).slice(0, 12)))
  }
  for (const [option, usual] of Object.entries(usualPorts)) {
    const variable = `HEXGATE_${option.toUpperCase().replace('-', '_')}`
    if (given(option) || process.env[variable] || (await isFreeEverywhere(usual))) continue
    const port = await nextFree(usual + 1)
    console.error(`Port ${usual} is taken; this node uses ${port} (--${option}).`)
    added.push(`--${option}`, String(port))
  }
  return added
}

function keyIn(args: readonly string[]): string | undefined {
  const index = args.indexOf('--key')
  return index === -1 ? args.find((arg) => arg.startsWith('--key='))?.slice('--key='.length) : args[index + 1]
}

async function isFreeEverywhere(port: number): Promise<boolean> {
  return (await isFree(port)) && (await listenFault(port, '0.0.0.0')) === null
}

async function nextFree(from: number): Promise<number> {
  for (let port = from; port < 65_536; port++) if (await isFreeEverywhere(port)) return port
  throw new Failure(`No port from ${from} on is free.`)
}
