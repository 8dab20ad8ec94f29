import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Failure } from './failure.ts'
import { checkout } from './folders.ts'

/** Runs a TypeScript file or a package's program with this Node, in the checkout; answers its exit code. */
export function runNode(args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const child = spawn(process.execPath, args, {
    cwd: checkout,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const pass = (signal: NodeJS.Signals) => child.kill(signal)
  for (const signal of signals) process.on(signal, pass)
  return new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(error.message)))
    child.once('exit', (code) => resolve(code ?? 1))
  }).finally(() => {
    for (const signal of signals) process.removeListener(signal, pass)
  })
}

/** The file behind a package's command, e.g. `vitest`. */
export function programOf(packageName: string, command = packageName): string {
  const require = createRequire(import.meta.url)
  const manifest = findManifest(require, packageName)
  const { bin } = require(manifest) as { bin: string | Record<string, string> }
  const file = typeof bin === 'string' ? bin : bin[command]
  if (!file) throw new Failure(`The package ${packageName} has no command ${command}.`)
  return path.resolve(path.dirname(manifest), file)
}

// Not every package lets its package.json be resolved, so it is looked for where npm puts it.
function findManifest(require: NodeJS.Require, packageName: string): string {
  const direct = path.join(checkout, 'node_modules', packageName, 'package.json')
  try {
    require(direct)
    return direct
  } catch {
    throw new Failure(`The package ${packageName} is not installed; run "npm install".`)
  }
}
