import { z } from 'zod'
import { securityCodes } from '#dialects/openapi/security.ts'
import { findingCodes, severities } from '#domain/finding.ts'

/** What a check says, as `--json` prints it. Members are added in later versions, none is taken away. */

const place = {
  file: z.string().describe('From the folder that was judged'),
  line: z.int().min(1),
  column: z.int().min(1),
}

/** What can be said of documents alone, beside what the topology says. */
export const documentCodes = [
  'certificate.duration',
  'certificate.renewal',
  'certificate.issuer',
  'certificate.usage',
  'certificate.name',
  'certificate.secret-shared',
  'certificate.secret-unused',
  ...securityCodes,
] as const

export const checkFinding = z.strictObject({
  code: z.enum([...findingCodes, ...documentCodes]),
  severity: z.enum(severities),
  ...place,
  sentence: z.string().describe('What is wrong, and with what'),
  fix: z.string().describe('What mends it'),
})

const remark = z.strictObject({ ...place, detail: z.string() })

export const checkReport = z.strictObject({
  version: z.literal(1),
  outcome: z.enum(['clean', 'warnings', 'errors', 'unreadable']),
  documents: z.int().describe('How many were read'),
  findings: z.array(checkFinding).describe('By file, line and code; none while a document is unreadable'),
  unreadable: z.array(remark),
  notes: z.array(remark).describe('What could not be judged, and what was left alone'),
})

export type CheckFinding = z.infer<typeof checkFinding>
export type CheckReport = z.infer<typeof checkReport>

/** For a pipeline: warnings let it go on. */
export const exitCodes: Readonly<Record<CheckReport['outcome'], number>> = {
  clean: 0,
  warnings: 0,
  errors: 1,
  unreadable: 2,
}

/** For people: by file, the place of every line first. */
export function reportText({ outcome, documents, findings, unreadable, notes }: CheckReport): string {
  const lines = [
    ...unreadable.map((one) => ({ ...one, text: `cannot be read: ${one.detail}` })),
    ...findings.map((one) => ({
      ...one,
      text: `${one.severity} ${one.code}: ${one.sentence}\n      ${one.fix}`,
    })),
    ...notes.map((one) => ({ ...one, text: `note: ${one.detail}` })),
  ]
  const files = [...Map.groupBy(lines, ({ file }) => file)].map(
    ([file, all]) =>
      `${file}\n${all.map(({ line, column, text }) => `  ${line}:${column} ${text}`).join('\n')}\n`,
  )
  return `${files.join('\n')}${files.length > 0 ? '\n' : ''}${summaries[outcome]({ documents, findings, unreadable })}\n`
}

type Counted = Pick<CheckReport, 'documents' | 'findings' | 'unreadable'>

const number = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`
const counted = ({ documents, findings }: Counted) => {
  const of = (severity: string) => findings.filter((one) => one.severity === severity).length
  return `${number(of('error'), 'error')} and ${number(of('warning'), 'warning')} in ${number(documents, 'document')}`
}
const summaries: Readonly<Record<CheckReport['outcome'], (counts: Counted) => string>> = {
  clean: ({ documents }) => `${number(documents, 'document')}: nothing to say against them`,
  warnings: counted,
  errors: counted,
  unreadable: ({ unreadable }) =>
    `${number(unreadable.length, 'place')} cannot be read; nothing is judged until all can`,
}
