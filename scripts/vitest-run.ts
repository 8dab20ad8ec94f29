import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { programOf, runNode } from './run-program.ts'

export interface Counts {
  passed: number
  failed: number
  /** What failed and how, one text each, for the end of a long output. */
  failures?: readonly string[]
  /** What was not tried and why, a line each. */
  skipped?: readonly string[]
}

/** What vitest's JSON reporter writes, as far as it is read here. */
export interface Report {
  success?: boolean
  numPassedTests?: number
  numFailedTests?: number
  testResults?: readonly {
    name: string
    message?: string
    assertionResults?: readonly {
      fullName: string
      status: string
      failureMessages?: readonly string[]
      meta?: { readonly missing?: string }
    }[]
  }[]
}

const FAILURE_LINES = 14
const FAILURE_COLUMNS = 220

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
  return {
    passed,
    failed: unexplained ? 1 : failed,
    failures: failuresIn(report),
    skipped: skippedIn(report),
  }
}

function skippedIn({ testResults = [] }: Report): string[] {
  return testResults.flatMap(({ name, assertionResults = [] }) =>
    assertionResults
      .filter(({ status }) => status === 'skipped' || status === 'pending')
      .map(({ fullName, meta }) => {
        const reason = meta?.missing === undefined ? '' : `: ${meta.missing}`
        return `${path.relative(process.cwd(), name)} › ${fullName}${reason}`
      }),
  )
}

function failuresIn({ testResults = [] }: Report): string[] {
  return testResults.flatMap(({ name, message, assertionResults = [] }) => {
    const where = path.relative(process.cwd(), name)
    const failed = assertionResults.filter(({ status }) => status === 'failed')
    // A file that never came to its tests has a message of its own.
    if (failed.length === 0 && message) return [shortened(where, message)]
    return failed.map(({ fullName, failureMessages = [] }) =>
      shortened(`${where} › ${fullName}`, failureMessages.join('\n')),
    )
  })
}

function shortened(title: string, message: string): string {
  const lines = stripVTControlCharacters(message).split('\n').slice(0, FAILURE_LINES)
  return [title, ...lines.map((line) => `    ${line.slice(0, FAILURE_COLUMNS)}`)].join('\n')
}
