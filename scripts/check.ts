import { runChecks } from './checks.ts'
import { ensurePackages } from './debian.ts'
import { runVitest } from './vitest-run.ts'

/** npm run check: format, lint, floors, types and the tests beside the code. */
export async function run(args: readonly string[]): Promise<number> {
  const checks = await runChecks()
  const absent = ensurePackages()
  if (absent !== null) console.error(absent)
  const tests = await runVitest(args)
  const failed = checks.failed + tests.failed
  console.log(`${checks.passed + tests.passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}
