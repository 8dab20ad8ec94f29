import { ensureClient } from './client.ts'
import { floorFaults } from './floors.ts'
import { checkout } from './folders.ts'
import { programOf, runNode } from './run-program.ts'
import type { Counts } from './vitest-run.ts'

/** A check of the whole checkout that passes or does not. */
export interface Check {
  name: string
  passes: () => Promise<boolean>
}

const command = (args: () => string[]) => async () => (await runNode(args())) === 0

/** What is generated, format, lint, floors and types. */
export const checks: readonly Check[] = [
  { name: 'generated', passes: generated },
  { name: 'format', passes: command(() => [programOf('@biomejs/biome', 'biome'), 'format', '.']) },
  { name: 'lint', passes: command(() => [programOf('oxlint'), '--type-aware', '--quiet']) },
  { name: 'floors', passes: floors },
  { name: 'types', passes: types },
]

async function floors(): Promise<boolean> {
  const faults = await floorFaults(checkout)
  for (const fault of faults) console.error(fault)
  return faults.length === 0
}

// The linter judges types as well, so both come before it: the database client, and the addresses of pages,
// which Next writes.
async function generated(): Promise<boolean> {
  await ensureClient()
  return (await runNode([programOf('next'), 'typegen'], { NEXT_TELEMETRY_DISABLED: '1' })) === 0
}

async function types(): Promise<boolean> {
  // A config of its own: what the development server last wrote of the same kind may be of other pages.
  return (await runNode([programOf('typescript', 'tsc'), '--noEmit', '-p', 'tsconfig.check.json'])) === 0
}

/** Runs all of them, each shown with its time; answers how many passed and failed. */
export async function runChecks(): Promise<Counts> {
  const failures: string[] = []
  for (const { name, passes } of checks) {
    const started = performance.now()
    const passed = await passes()
    if (!passed) failures.push(`the check of ${name}: npm run check says more`)
    const seconds = ((performance.now() - started) / 1_000).toFixed(1)
    console.log(`  ${passed ? '✓' : '✗'} ${name.padEnd(10)} ${seconds} s`)
  }
  return { passed: checks.length - failures.length, failed: failures.length, failures }
}
