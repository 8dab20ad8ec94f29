import type { FlexFault, Source } from '#dialects/flex/document.ts'
import { Register } from '#dialects/flex/register.ts'
import { networkPoliciesFor, writeNetworkPolicies } from '#dialects/network-policy/generate.ts'
import type { SwaggerConverter } from '#dialects/openapi/import-document.ts'
import { declaringOf } from '#domain/declared-connections.ts'
import type { EnvironmentKind } from '#domain/gateway.ts'
import { ascending } from '#domain/listing.ts'
import { describeTopology } from '#domain/topology.ts'
import { certificateFindings } from './certificates.ts'
import { readFolder } from './documents.ts'
import { locator } from './locate.ts'
import { openApiFindings } from './openapi.ts'
import type { CheckFinding, CheckReport } from './report.ts'
import { drawTopology } from './topology.ts'

export interface CheckSettings {
  readonly environment: EnvironmentKind
  readonly now: Date
  readonly convertSwagger: SwaggerConverter
}

/** Nothing in documents could answer these: they know no contexts. */
const beyondDocuments = new Set<string>(['context.absent'])

/** Judges documents as the topology page judges what a portal stores. */
export async function check(sources: readonly Source[], settings: CheckSettings): Promise<CheckReport> {
  const documents = await readFolder(sources, settings.convertSwagger)
  const drawn = drawTopology(documents, settings)
  const unreadable = [...documents.unreadable, ...drawn.unreadable]
  const notes = [
    ...drawn.notes,
    ...documents.others.map((one) => ({ ...one, detail: `${one.detail}, left alone` })),
  ]
  const findings =
    unreadable.length > 0
      ? []
      : [
          ...findingsOf(drawn, settings.now),
          ...certificateFindings(new Register(documents.resources)),
          ...documents.openapis.flatMap(openApiFindings),
        ].toSorted((a, b) => inOrder(a, b) || ascending(a.code, b.code) || ascending(a.sentence, b.sentence))
  return {
    version: 1,
    outcome: outcomeOf(unreadable.length > 0, findings),
    documents: documents.count,
    findings,
    unreadable: placed(unreadable),
    notes: placed(notes),
  }
}

function findingsOf(drawn: ReturnType<typeof drawTopology>, now: Date): CheckFinding[] {
  const locate = locator(drawn)
  return describeTopology(drawn.stored, now)
    .findings.filter(({ code }) => !beyondDocuments.has(code))
    .map((finding) => {
      const { code, severity, why, fix } = finding
      const { file, line, column } = locate(finding)
      return {
        code,
        severity,
        file,
        line,
        column,
        sentence: why.charAt(0).toUpperCase() + why.slice(1),
        fix: fix.label,
      }
    })
}

/** NetworkPolicies for what documents declare, as one file; or why there are none. */
export async function networkPolicies(
  sources: readonly Source[],
  settings: CheckSettings,
): Promise<{ yaml: string } | { unreadable: CheckReport['unreadable'] }> {
  const documents = await readFolder(sources, settings.convertSwagger)
  const drawn = drawTopology(documents, settings)
  const unreadable = [...documents.unreadable, ...drawn.unreadable]
  if (unreadable.length > 0) return { unreadable: placed(unreadable) }
  return { yaml: writeNetworkPolicies(networkPoliciesFor(drawn.placed, declaringOf(drawn.stored))) }
}

type Place = Pick<FlexFault, 'file' | 'line' | 'column'>

function inOrder(a: Place, b: Place): number {
  return ascending(a.file, b.file) || a.line - b.line || a.column - b.column
}

function placed(faults: readonly FlexFault[]): CheckReport['notes'] {
  return faults.toSorted(inOrder).map(({ file, line, column, detail }) => ({ file, line, column, detail }))
}

function outcomeOf(isUnreadable: boolean, findings: readonly CheckFinding[]): CheckReport['outcome'] {
  if (isUnreadable) return 'unreadable'
  if (findings.some(({ severity }) => severity === 'error')) return 'errors'
  return findings.some(({ severity }) => severity === 'warning') ? 'warnings' : 'clean'
}
