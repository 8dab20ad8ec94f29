import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import { Failure } from './failure.ts'
import { checkout } from './folders.ts'
import { listenFault } from './ports.ts'

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

/**
 * What a second node on the same machine needs and nobody should have to type: a store of its own, one for each
 * key, so that the same command is the same node, and ports beside those that are taken.
 */
export async function fitting(
  args: readonly string[],
  env: Record<string, string | undefined> = process.env,
): Promise<string[]> {
  const isGiven = (option: string) => valueOf(args, option) !== undefined || args.includes(`--${option}`)
  if (isGiven('help') || isGiven('local') || env['HEXGATE_LOCAL']) return []
  const key = valueOf(args, 'key') ?? env['HEXGATE_GATEWAY_KEY']
  const portal = valueOf(args, 'portal') ?? env['HEXGATE_PORTAL']
  const added: string[] = []
  if (!isGiven('data') && !env['HEXGATE_DATA'] && key) {
    added.push('--data', path.join(checkout, '.data', 'nodes', hash('sha256', key).slice(0, 12)))
  }
  if (!isGiven('admin-port') && !env['HEXGATE_ADMIN_PORT']) {
    added.push(...(await beside('admin-port', 9901, '127.0.0.1')))
  }
  const open = (['http', 'https'] as const).filter(
    (protocol) => !isGiven(`${protocol}-port`) && !env[`HEXGATE_${protocol.toUpperCase()}_PORT`],
  )
  if (open.length === 0 || !key || !portal) return added
  const listeners = await listenersOf(portal, key)
  for (const protocol of open) {
    const [only, ...others] = listeners.filter((listener) => listener.protocol === protocol)
    // An override of a port holds for every listener of its protocol, so it helps where there is one.
    if (only && others.length === 0)
      added.push(...(await beside(`${protocol}-port`, only.port, only.address)))
  }
  return added
}

async function beside(option: string, usual: number, address: string): Promise<string[]> {
  if ((await listenFault(usual, address)) !== 'EADDRINUSE') return []
  for (let port = usual + 1; port < 65_536; port++) {
    if ((await listenFault(port, address)) !== null) continue
    console.error(`Port ${usual} is taken on this machine; this node uses ${port} (--${option}).`)
    return [`--${option}`, String(port)]
  }
  throw new Failure(`No port from ${usual} on is free.`)
}

const gatewayOfKey = z.object({
  listeners: z.array(z.object({ protocol: z.string(), address: z.string(), port: z.int() })),
})

// A portal that is away, or a key that is wrong, is for the node itself to report: it may have a configuration.
async function listenersOf(portal: string, key: string): Promise<z.infer<typeof gatewayOfKey>['listeners']> {
  try {
    const response = await fetch(new URL('/api/v1/gateway/self', portal), {
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(20_000),
    })
    return response.ok ? gatewayOfKey.parse(await response.json()).listeners : []
  } catch {
    return []
  }
}

function valueOf(args: readonly string[], option: string): string | undefined {
  const index = args.indexOf(`--${option}`)
  if (index !== -1) return args[index + 1]
  return args.find((arg) => arg.startsWith(`--${option}=`))?.slice(option.length + 3)
}
