import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { programOf, runNode } from './run-program.ts'

export interface Counts {
  passed: number
  failed: number
}

interface Report {
  success?: boolean
  numPassedTests?: number
  numFailedTests?: number
}

/** Runs vitest and counts. A run that fails outside its tests, or never came to them, is one failure more. */
export async function runVitest(args: readonly string[]): Promise<Counts> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hexgate-tests-'))
  const file = path.join(folder, 'report.json')
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${file}`]
  const code = await runNode([programOf('vitest'), 'run', ...reporters, ...args])
  const report: Report = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'))
  await rm(folder, { recursive: true, force: true })
  return countsOf(code, report)
}

/** What an exit code and a report come to. */
export function countsOf(code: number, report: Report): Counts {
  const passed = report.numPassedTests ?? 0
  const failed = report.numFailedTests ?? 0
  const unexplained = failed === 0 && (code !== 0 || report.success !== true)
  return { passed, failed: unexplained ? 1 : failed }
}
