import type { Processes } from './processes.ts'

/** What every benchmark is told. */
export interface Setting {
  readonly processes: Processes
  /** For files of this benchmark alone; it goes with it. */
  readonly folder: string
  readonly rounds: number
  readonly seconds: number
  /** Where Node writes CPU profiles of the gateway. */
  readonly profileFolder: string | undefined
}
