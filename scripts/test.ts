import { runChecks } from './checks.ts'
import { ensureChromium } from './chromium.ts'
import { type Counts, runVitest } from './vitest-run.ts'

/** npm test: everything. The last line says how it went. */
export async function run(): Promise<number> {
  const total = { passed: 0, failed: 0 }
  const failures: string[] = []
  for (const [title, part] of [
    ['Format, lint, floors, types', runChecks],
    ['Unit and integration', () => runVitest([])],
    ['Browser', browser],
  ] as const) {
    console.log(`\n${title}`)
    const counts: Counts = await part()
    total.passed += counts.passed
    total.failed += counts.failed
    failures.push(...(counts.failures ?? []))
  }
  if (failures.length > 0) console.log(`\nWhat failed:\n\n${failures.join('\n\n')}\n`)
  console.log(`${total.passed} passed, ${total.failed} failed`)
  return total.failed === 0 ? 0 : 1
}

async function browser(): Promise<Counts> {
  const missing = ensureChromium()
  if (missing === null) return runVitest(['--config', 'e2e/vitest.config.ts'])
  console.error(missing)
  return { passed: 0, failed: 1, failures: [missing] }
}
