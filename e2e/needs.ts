import type { TestContext } from 'vitest'
import { type DebianPackage, missing } from '#scripts/debian.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** Why the test was not tried. */
    missing?: string
  }
}

/** Skips the test where a program is not there, with the reason for the end of the run. */
export function needs(context: TestContext, ...packages: DebianPackage[]): void {
  skipFor(context, missing(packages))
}

/** Skips the test where there is a reason for it. */
export function skipFor(context: TestContext, reason: string | null): void {
  if (reason === null) return
  context.task.meta.missing = reason
  context.skip(reason)
}
