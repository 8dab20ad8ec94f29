import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import { type Authorities, trustSystemAuthorities } from './authorities.ts'
import type { OpenDataPlane } from './data-plane.ts'
import { createLog } from './log.ts'
import { checkFolder, withFolderSettings } from './local.ts'
import { CannotStart, type RunningNode, startNode } from './node.ts'
import { help, type Options, readOptions, UsageError } from './options.ts'
import { Fleet, WorkersFailed } from './workers/fleet.ts'

/** The gateway-runtime as a process: it controls, and the workers that it starts serve. */

const exitCodes = { fine: 0, cannotStart: 1, usage: 2 } as const

async function main(): Promise<number | undefined> {
  const told = readOptions(process.argv.slice(2), process.env)
  if (told === undefined) {
    process.stdout.write(help)
    return exitCodes.fine
  }
  if (told.mode.kind === 'local' && told.mode.validateOnly) return validate(told.mode.folder, told)
  const options = await withFolderSettings(told)
  const log = createLog()
  const authorities = trustSystemAuthorities()
  const node = await startNode(options, log, undefined, withWorkers(options))
  sayWhoIsTrusted(log, authorities)
  log.info({ code: 'node.started', adminPort: node.adminPort, ports: node.ports() }, 'the node runs')
  stopOnSignal(node, (signal) => log.info({ code: 'node.draining', signal }, `draining after ${signal}`))
  return undefined
}

function sayWhoIsTrusted(log: Logger, authorities: Authorities): void {
  if (authorities.from !== 'nobody')
    return log.info({ code: 'node.authorities', ...authorities }, 'CAs that are trusted where none are named')
  const detail =
    'SSL_CERT_FILE and SSL_CERT_DIR name no certificates; where no CA is named, nobody is trusted'
  log.warn({ code: 'node.no-authorities', ...authorities }, detail)
}

async function validate(folder: string, options: Options): Promise<number> {
  const read = await checkFolder(folder, options)
  if (read.ok) {
    for (const line of read.warnings) process.stdout.write(`warning: ${line}\n`)
    for (const line of read.recognised) process.stdout.write(`note: ${line}\n`)
    process.stdout.write(`${folder} is right: ${read.contents.size} items\n`)
    return exitCodes.fine
  }
  process.stderr.write(`${read.faults.join('\n')}\n`)
  return exitCodes.cannotStart
}

/** `auto` stops here: more cores than these are rather given to several nodes. */
const workersMax = 64

function withWorkers({ workers, drainMs }: Options): OpenDataPlane {
  const count = workers === 'auto' ? Math.min(availableParallelism(), workersMax) : workers
  return async (plane, hearing) => {
    try {
      return await Fleet.open(count, plane, hearing, drainMs)
    } catch (error) {
      if (error instanceof WorkersFailed) throw new CannotStart(error.message)
      throw error
    }
  }
}

/** A terminal and a parent may both pass on one Ctrl-C; what comes this soon is the same wish. */
const sameWishMs = 1_000

/** The first signal drains, a second one ends at once. */
function stopOnSignal(node: RunningNode, announce: (signal: string) => void): void {
  let stoppingSinceMs: number | undefined
  const stop = async (signal: string) => {
    const now = performance.now()
    if (stoppingSinceMs !== undefined) {
      if (now - stoppingSinceMs > sameWishMs) process.exit(exitCodes.cannotStart)
      return
    }
    stoppingSinceMs = now
    announce(signal)
    await node.stop()
    process.exit(exitCodes.fine)
  }
  process.on('SIGTERM', (signal) => void stop(signal))
  process.on('SIGINT', (signal) => void stop(signal))
}

try {
  const code = await main()
  if (code !== undefined) process.exitCode = code
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`gateway-runtime: ${error.message}. See --help.\n`)
    process.exit(exitCodes.usage)
  }
  if (!(error instanceof CannotStart)) throw error
  process.stderr.write(`gateway-runtime: ${error.message}\n`)
  process.exit(exitCodes.cannotStart)
}
