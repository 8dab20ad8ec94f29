import { runChecks } from './checks.ts'
import { ensurePackages, missing } from './debian.ts'
import { type Counts, runVitest } from './vitest-run.ts'

/** npm test: everything. The last line says how it went. */
export async function run(): Promise<number> {
  const total = { passed: 0, failed: 0 }
  const failures: string[] = []
  const skipped: string[] = []
  for (const [title, part] of [
    ['Format, lint, floors, types', runChecks],
    ['Unit and integration', unit],
    ['Browser and faults', endToEnd],
  ] as const) {
    console.log(`\n${title}`)
    const counts: Counts = await part()
    total.passed += counts.passed
    total.failed += counts.failed
    failures.push(...(counts.failures ?? []))
    skipped.push(...(counts.skipped ?? []))
  }
  if (skipped.length > 0) console.log(`\nWhat was skipped:\n\n${skipped.join('\n')}`)
  if (failures.length > 0) console.log(`\nWhat failed:\n\n${failures.join('\n\n')}\n`)
  console.log(`${total.passed} passed, ${total.failed} failed`)
  return total.failed === 0 ? 0 : 1
}

// Tests say themselves what they miss.
function unit(): Promise<Counts> {
  const absent = ensurePackages()
  if (absent !== null) console.error(absent)
  return runVitest([])
}

async function endToEnd(): Promise<Counts> {
  const absent = missing(['chromium'])
  if (absent === null) return runVitest(['--config', 'e2e/vitest.config.ts'])
  console.error(absent)
  return { passed: 0, failed: 1, failures: [absent] }
}
