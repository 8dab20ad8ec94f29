import path from 'node:path'
import { Failure } from './failure.ts'
import { checkout } from './folders.ts'
import { onParentGone } from './leash.ts'

// The second half of the bootstrap: runs scripts/<verb>.ts. What a person can mend is one line; a bug keeps its stack.

interface Verb {
  /** Does the work; the number is the exit code. */
  run: (args: readonly string[]) => Promise<number | void>
}

async function main(): Promise<void> {
  const [verb = '', ...args] = process.argv.slice(2)
  onParentGone(() => process.kill(process.pid, 'SIGTERM'))
  process.chdir(checkout)
  const { run }: Verb = await import(path.join(checkout, 'scripts', `${verb}.ts`))
  process.exitCode = (await run(args)) ?? process.exitCode ?? 0
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof Failure ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  )
  process.exit(1)
})
