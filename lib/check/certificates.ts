import { durationMs, isGoDuration, writtenDuration } from '#dialects/cert-manager/duration.ts'
import type { Certificate } from '#dialects/cert-manager/resources.ts'
import type { Path } from '#dialects/flex/document.ts'
import { keyOf, type Placed, type Register } from '#dialects/flex/register.ts'
import { listed } from '#domain/listing.ts'
import { compileNames } from '#domain/subject-alt-names.ts'
import type { CheckFinding } from './report.ts'
import { type SecretUse, secretUses } from './secret-uses.ts'

/** What is wrong with the Certificates of cert-manager among documents, and between them and the APIs. */

const hourMs = 3_600_000
// What cert-manager itself takes at least, and what it takes where nothing is said.
const durationMsMin = hourMs
const renewBeforeMsMin = 300_000
const usualDuration = '2160h'

type Said = Pick<CheckFinding, 'code' | 'severity' | 'sentence' | 'fix'> & { readonly path: Path }

export function certificateFindings(register: Register): CheckFinding[] {
  const uses = secretUses(register)
  const hasApis = register.of('ApiInstance').length > 0
  const all = register.of('Certificate')
  return all.flatMap((placed) =>
    [
      ...durationFaults(placed.resource),
      ...renewalFaults(placed.resource),
      ...issuerFaults(placed.resource, register),
      ...usageFaults(placed.resource, usesOf(placed.resource, uses)),
      ...nameFaults(placed.resource, usesOf(placed.resource, uses)),
      ...sharingFaults(placed, all),
      ...(hasApis ? unusedFaults(placed.resource, uses) : []),
    ].map(({ path, ...said }) => {
      const { file, line, column } = placed.document.fault(path, '')
      return { ...said, file, line, column }
    }),
  )
}

function nameOf({ metadata: { namespace, name } }: Certificate): string {
  return `${namespace}/${name}`
}

function usesOf({ metadata, spec }: Certificate, uses: readonly SecretUse[]): SecretUse[] {
  return uses.filter(
    ({ namespace, secretName }) => namespace === metadata.namespace && secretName === spec.secretName,
  )
}

function durationFaults(certificate: Certificate): Said[] {
  return (['duration', 'renewBefore'] as const).flatMap((member): Said[] => {
    const text = certificate.spec[member]
    const ms = text === undefined ? undefined : durationMs(text)
    if (text === undefined || ms === undefined) return []
    const path = ['spec', member]
    if (!isGoDuration(text))
      return [
        {
          ...{ code: 'certificate.duration', severity: 'warning', path },
          sentence: `cert-manager does not take ${text} as the ${member} of ${nameOf(certificate)}: it knows no days.`,
          fix: `Write ${writtenDuration(ms)}`,
        },
      ]
    const least = member === 'duration' ? durationMsMin : renewBeforeMsMin
    if (ms >= least) return []
    return [
      {
        ...{ code: 'certificate.duration', severity: 'error', path },
        sentence: `cert-manager refuses ${text} as the ${member} of ${nameOf(certificate)}: it takes ${writtenDuration(least)} at least.`,
        fix: `Write ${writtenDuration(least)} or more`,
      },
    ]
  })
}

/** A third of the lifetime is what cert-manager takes by itself. */
function renewalFaults(certificate: Certificate): Said[] {
  const { duration = usualDuration, renewBefore } = certificate.spec
  const [lasts, before] = [durationMs(duration), durationMs(renewBefore ?? '')]
  if (renewBefore === undefined || lasts === undefined || before === undefined) return []
  const said = { code: 'certificate.renewal', severity: 'warning', path: ['spec', 'renewBefore'] } as const
  const fix = `Write about a third of the lifetime, ${writtenDuration(Math.round(lasts / 3 / hourMs) * hourMs || before)}`
  const name = nameOf(certificate)
  if (before > (lasts * 2) / 3)
    return [
      {
        ...said,
        sentence: `${name} lives for ${duration} and is renewed ${renewBefore} before its end, so that it is new almost always and its CA is asked all the time.`,
        fix,
      },
    ]
  if (before >= lasts / 10) return []
  return [
    {
      ...said,
      sentence: `${name} lives for ${duration} and is renewed only ${renewBefore} before its end, which leaves little time where a renewal fails.`,
      fix,
    },
  ]
}

function issuerFaults(certificate: Certificate, register: Register): Said[] {
  const { name, kind, group = 'cert-manager.io' } = certificate.spec.issuerRef
  if (group !== 'cert-manager.io') return []
  const { namespace } = certificate.metadata
  const there =
    kind === 'ClusterIssuer'
      ? register.of('ClusterIssuer').some(({ resource }) => resource.metadata.name === name)
      : register.find('Issuer', namespace, name) !== undefined
  // Issuers of the whole cluster are seldom kept beside what they issue.
  const isElsewhere = kind === 'ClusterIssuer' && register.of('ClusterIssuer').length === 0
  if (there || isElsewhere) return []
  const wanted = kind === 'ClusterIssuer' ? `ClusterIssuer ${name}` : keyOf('Issuer', namespace, name)
  return [
    {
      ...{ code: 'certificate.issuer', severity: 'warning', path: ['spec', 'issuerRef', 'name'] },
      sentence: `${nameOf(certificate)} is to be issued by ${wanted}, which is not among the documents.`,
      fix: `Add ${wanted}, or name another issuer`,
    },
  ]
}

const needed = { server: 'server auth', client: 'client auth' } as const

function usageFaults(certificate: Certificate, uses: readonly SecretUse[]): Said[] {
  const { usages } = certificate.spec
  // Without any, it may be used for everything.
  if (usages === undefined || usages.includes('any')) return []
  return (['server', 'client'] as const).flatMap((side): Said[] => {
    const users = uses.filter((use) => use.side === side)
    if (users.length === 0 || usages.includes(needed[side])) return []
    const to = side === 'server' ? 'clients' : 'an upstream'
    return [
      {
        ...{ code: 'certificate.usage', severity: 'error', path: ['spec', 'usages'] },
        sentence: `${listed(distinct(users.map(({ by }) => by)))} shows ${nameOf(certificate)} to ${to}, but its usages lack “${needed[side]}”.`,
        fix: `Add “${needed[side]}” to its usages`,
      },
    ]
  })
}

function nameFaults(certificate: Certificate, uses: readonly SecretUse[]): Said[] {
  // Common names never count (RFC 9525).
  const { dnsNames = [] } = certificate.spec
  const covers = compileNames(dnsNames)
  const hosts = distinct(uses.flatMap(({ host }) => host ?? []))
  return hosts
    .filter((host) => dnsNames.length === 0 || !covers([{ type: 'dns', value: host }]))
    .map((host) => ({
      ...{ code: 'certificate.name', severity: 'error', path: ['spec', 'dnsNames'] },
      sentence: `${nameOf(certificate)} is shown to clients of ${host}, and none of its dnsNames is for it.`,
      fix: `Add ${host} to its dnsNames`,
    }))
}

function sharingFaults(
  { resource, document }: Placed<Certificate>,
  all: readonly Placed<Certificate>[],
): Said[] {
  const { metadata, spec } = resource
  const others = all.filter(
    (other) =>
      other.document !== document &&
      other.resource.metadata.namespace === metadata.namespace &&
      other.resource.spec.secretName === spec.secretName,
  )
  if (others.length === 0) return []
  const names = others.map((other) => nameOf(other.resource))
  return [
    {
      ...{ code: 'certificate.secret-shared', severity: 'error', path: ['spec', 'secretName'] },
      sentence: `${nameOf(resource)} and ${listed(names)} write one Secret, ${spec.secretName}, and replace each other there.`,
      fix: 'Give each a Secret of its own',
    },
  ]
}

function unusedFaults(certificate: Certificate, uses: readonly SecretUse[]): Said[] {
  const { secretName, isCA = false } = certificate.spec
  // A ClusterIssuer takes its Secret from the namespace of cert-manager.
  const isUsed = uses.some(
    (use) =>
      use.secretName === secretName &&
      (use.namespace === certificate.metadata.namespace || (isCA && use.side === 'issuer')),
  )
  if (isUsed) return []
  return [
    {
      ...{ code: 'certificate.secret-unused', severity: 'warning', path: ['spec', 'secretName'] },
      sentence: `Nothing among the documents uses the Secret ${secretName}, which ${nameOf(certificate)} keeps up.`,
      fix: 'Name the Secret where it is to be used, or remove the Certificate',
    },
  ]
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
