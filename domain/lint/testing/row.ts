import type { FindingCode, Severity } from '../../finding.ts'
import type { Stored } from '../../stored.ts'

/** One case of a code: a topology, and the finding that is due in it. */
export interface Row {
  readonly code: FindingCode
  readonly severity: Severity
  readonly when: string
  readonly stored: Stored
  readonly about: string
  readonly why: string
  readonly fix: string
  readonly legs?: readonly string[]
  readonly flows?: readonly string[]
}
