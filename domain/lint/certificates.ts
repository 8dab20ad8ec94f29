import {
  type CertificateFacts,
  dayMs,
  earliestWatch,
  issuedByName,
  isWeak,
  mayBe,
  pathFrom,
  skewMs,
  type Validity,
  validityOf,
  type Watch,
  warningMs,
} from '../certificate.ts'
import { type Finding, type FindingCode, type Fix, found, type Severity, type Subject } from '../finding.ts'
import { count, listed } from '../listing.ts'
import type { Side } from '../peer.ts'
import type { KnownContext } from '../proof.ts'
import { spokenBy, watchesOf } from '../stored.ts'
import type { AuthorityView, CertificateView } from '../trust.ts'
import { allOf, type Use } from '../uses.ts'
import { apiNames, gatewaysOf, touching, type World } from './world.ts'

/** What is to be said against certificates that something uses: those of keystores, those in policies, and CAs. */
export function lintCertificates(world: World): Finding[] {
  const shown = [...keystores(world), ...inPolicies(world)]
  return [
    ...shown.flatMap((each) => [
      ...lifetime(each, world),
      ...incomplete(each, world),
      ...selfSigned(each, world),
      ...weakKey(each),
      ...wrongUsage(each),
    ]),
    ...trusted(world).flatMap((each) => [...lifetime(each, world), ...weakKey(each)]),
  ]
}

/** Certificates under one name, and what stands or falls with them. */
interface Judged {
  readonly about: Subject
  /** As a sentence calls it. */
  readonly name: string
  /** Tells apart what one subject has several of. */
  readonly which: string
  readonly chain: readonly CertificateFacts[]
  readonly use: Use
  /** CAs that stand beside it. */
  readonly beside: readonly CertificateFacts[]
  /** The contexts whose keystore it is; none for CAs and for what stands in a policy. */
  readonly contexts: readonly KnownContext[]
  /** As what it is shown. */
  readonly as: ReadonlySet<'server' | 'client'>
  readonly rotationWindowDays: number
  readonly renewal: Fix
}

const shownAs: Record<Side, 'server' | 'client'> = { inbound: 'server', outbound: 'client' }

function keystores(world: World): Judged[] {
  const byKeystore = Map.groupBy(world.contexts.values(), ({ keystore }) => keystore)
  return [...byKeystore].flatMap(([certificate, contexts]): Judged[] => {
    if (!certificate) return []
    const use = allOf(contexts.map(({ view }) => world.uses.ofContext(view.id)))
    const meant = certificate.kind === 'ca' ? [] : [certificate.kind]
    const shown = [...use.sides].map((side) => shownAs[side])
    return [
      {
        about: { kind: 'certificate', id: certificate.id, name: certificate.name },
        name: certificate.name,
        which: '',
        chain: certificate.chain,
        beside: [],
        use,
        contexts,
        as: new Set(shown.length > 0 ? shown : meant),
        rotationWindowDays: certificate.rotationWindowDays ?? 0,
        renewal: rotation(certificate),
      },
    ]
  })
}

function rotation({ id, name, renewalMethod }: CertificateView): Fix {
  // Our own CA issues another one for the same names: whoever takes this one takes that.
  const isSafe = renewalMethod === 'built-in'
  return { kind: 'rotate-certificate', label: `Rotate ${name}`, target: { kind: 'certificate', id }, isSafe }
}

function inPolicies({ stored, uses }: World): Judged[] {
  return stored.apis.flatMap((api) =>
    spokenBy(api).flatMap(({ side, which, towards, tls: { inline } }): Judged[] => {
      if (!inline || inline.chain.length === 0) return []
      const { id, name } = api
      return [
        {
          about: { kind: 'api', id, name },
          name: `the certificate of ${name} towards ${towards}`,
          which: `${which}+`,
          chain: inline.chain,
          beside: inline.trusted,
          use: uses.ofSide(id, side),
          contexts: [],
          as: new Set([shownAs[side]]),
          rotationWindowDays: 0,
          renewal: {
            kind: 'edit-tls',
            label: `Replace the certificate in the policies of ${name}`,
            target: { kind: 'api', id },
            isSafe: false,
          },
        },
      ]
    }),
  )
}

function trusted(world: World): Judged[] {
  const byAuthority = new Map<AuthorityView, KnownContext[]>()
  for (const context of world.contexts.values())
    for (const authority of context.authorities)
      byAuthority.set(authority, [...(byAuthority.get(authority) ?? []), context])
  return [...byAuthority].map(([{ id, name, certificate }, contexts]) => ({
    about: { kind: 'authority', id, name },
    name,
    which: '',
    chain: [certificate],
    beside: [],
    use: allOf(contexts.map(({ view }) => world.uses.ofContext(view.id))),
    contexts: [],
    as: new Set(),
    rotationWindowDays: 0,
    renewal: {
      kind: 'rotate-authority',
      label: `Plan the rotation of ${name}`,
      target: { kind: 'authority', id },
      isSafe: false,
    },
  }))
}

function said(
  { about, which, use }: Judged,
  code: FindingCode,
  severity: Severity,
  why: string,
  fix: Fix,
  detail: string,
): Finding {
  return found({ code, severity, about, why, fix, ...touching(use) }, which + detail)
}

/** Tells a certificate from what stands under the same name later: what was accepted of one is not of the next. */
const printOf = ({ sha256 }: CertificateFacts) => sha256.slice(0, 16)

// ── how long ────────────────────────────────────────────────────────────────

const lifetimeCodes: Partial<Record<Validity['state'], readonly [FindingCode, Severity]>> = {
  expired: ['cert.expired', 'error'],
  'not-yet-valid': ['cert.not-yet-valid', 'error'],
  critical: ['cert.expiring', 'error'],
  expiring: ['cert.expiring', 'warning'],
}

function lifetime(judged: Judged, world: World): Finding[] {
  // A CA that is trusted is judged under its own name.
  const elsewhere = new Set(
    judged.contexts.flatMap(({ authorities }) => authorities).map(({ certificate }) => certificate.sha256),
  )
  return judged.chain
    .filter(({ sha256 }) => !elsewhere.has(sha256))
    .flatMap((certificate): Finding[] => {
      const watched = watchFor(certificate, judged, world)
      const validity = validityOf(certificate, world.now, watched)
      const [code, severity] = lifetimeCodes[validity.state] ?? []
      if (!code || !severity) return []
      const why = `${nameIn(judged, certificate)} ${lifetimeWords(certificate, validity, watched)}; ${usedBy(judged, world)}.`
      return [said(judged, code, severity, why, judged.renewal, printOf(certificate))]
    })
}

function nameIn({ name, chain }: Judged, certificate: CertificateFacts): string {
  const { subject } = certificate
  return certificate === chain[0] ? `${name} (${subject})` : `${subject} in the chain of ${name}`
}

function lifetimeWords(certificate: CertificateFacts, { state, daysLeft }: Validity, watched: Watch): string {
  const end = certificate.notAfter.slice(0, 10)
  const window = count(Math.round(warningMs(certificate, watched) / dayMs), 'day')
  const skew = `clocks may differ by ${skewMs / 1000} s`
  if (state === 'expired') return `expired on ${end} by the clock of the nodes`
  if (state === 'not-yet-valid')
    return `is valid from ${certificate.notBefore} on alone, by the clock of the nodes (${skew})`
  return `expires in ${count(daysLeft, 'day')}, on ${end}, inside its window of ${window}`
}

function usedBy({ use }: Judged, world: World): string {
  if (use.legIds.size === 0) return 'no leg uses it now'
  const apis = use.apiIds.size > 0 ? ` for ${apiNames(use.apiIds, world)}` : ''
  return `it is used on ${count(use.legIds.size, 'leg')}${apis}`
}

function watchFor(
  certificate: CertificateFacts,
  { use, rotationWindowDays }: Judged,
  { stored, at }: World,
): Watch {
  const apis = [...use.apiIds].flatMap((id) => at.apis.get(id) ?? [])
  return earliestWatch(certificate, watchesOf(apis, stored.watch), rotationWindowDays)
}

// ── by whom ─────────────────────────────────────────────────────────────────

function incomplete(judged: Judged, world: World): Finding[] {
  const [leaf, ...sent] = judged.chain
  if (!leaf) return []
  if (judged.contexts.length === 0) return gapBelowKnown(judged, leaf, sent, world)
  const { issuers } = world
  return judged.contexts.flatMap(({ ref, authorities, proof }): Finding[] => {
    const missing = proof?.missing ?? null
    if (missing === null) return []
    const anchors = authorities.map(({ certificate }) => certificate)
    const whole = pathFrom(leaf, [...sent, ...issuers], anchors)
    // What ends at a CA of somebody else has another fault than a gap.
    if (!whole.anchor && whole.missing === null) return []
    const why = `${judged.name} in the keystore of ${ref.name} comes without ${missing}, which was looked for and is neither sent nor trusted there: unknown authority.`
    return [gap(judged, why, whole.anchor !== null, `${ref.id}+${printOf(leaf)}`)]
  })
}

// Without a context nobody says which CA is meant: what is known to be no root must be sent.
function gapBelowKnown(
  judged: Judged,
  leaf: CertificateFacts,
  sent: readonly CertificateFacts[],
  world: World,
): Finding[] {
  const { certificates, missing } = pathFrom(leaf, sent, [])
  const last = certificates.at(-1)
  if (!last || missing === null) return []
  const issuer = [...world.issuers, ...judged.beside].find((each) => issuedByName(last, each))
  const isGap = issuer ? !issuer.selfSigned : last === leaf
  if (!isGap) return []
  const why = `${judged.name} comes without ${last.issuer}, which was looked for and is not sent with it: unknown authority.`
  return [gap(judged, why, issuer !== undefined, printOf(leaf))]
}

function gap(judged: Judged, why: string, isKnown: boolean, detail: string): Finding {
  const { id, kind } = judged.about
  const fix: Fix = {
    kind: 'complete-chain',
    label: isKnown
      ? `Send the missing intermediate with ${judged.name}`
      : `Import the chain of ${judged.name}`,
    target: { kind, id },
    // Known here, it can be put behind the leaf; nobody loses anything by that.
    isSafe: isKnown && kind === 'certificate',
  }
  return said(judged, 'cert.chain-incomplete', 'error', why, fix, detail)
}

function selfSigned(judged: Judged, world: World): Finding[] {
  const [leaf] = judged.chain
  if (!leaf?.selfSigned) return []
  const gateways = gatewaysOf(judged.use, world)
  const serious = gateways.filter(({ environmentKind }) => environmentKind === 'production')
  if (gateways.length === 0) return []
  const [code, severity]: [FindingCode, Severity] =
    serious.length > 0
      ? ['cert.self-signed-in-production', 'error']
      : ['cert.self-signed-in-development', 'note']
  const where = listed(
    (serious.length > 0 ? serious : gateways).map(({ name, environment }) => `${name} (${environment})`),
  )
  const verdict =
    serious.length > 0
      ? 'no CA vouches for it, and nobody can revoke it'
      : 'that is allowed in a development environment and would be an error in production'
  const why = `${judged.name} is self-signed and shown at ${where}: ${verdict}.`
  return [said(judged, code, severity, why, issued(judged), printOf(leaf))]
}

// ── what for ────────────────────────────────────────────────────────────────

function weakKey(judged: Judged): Finding[] {
  return judged.chain.filter(isWeak).map((certificate) => {
    const { algorithm, bits } = certificate.key
    const why = `${nameIn(judged, certificate)} has an ${algorithm} key of ${bits} bits, which is too short to be trusted.`
    return said(judged, 'cert.weak-key', 'error', why, issued(judged), printOf(certificate))
  })
}

const words = { server: ['server', 'serverAuth'], client: ['client', 'clientAuth'] } as const

function wrongUsage(judged: Judged): Finding[] {
  const [leaf] = judged.chain
  if (!leaf) return []
  return [...judged.as]
    .filter((side) => !mayBe(side, leaf))
    .toSorted()
    .map((side) => {
      const [role, usage] = words[side]
      const has = listed(leaf.extendedKeyUsages ?? []) || 'none at all'
      const why = `${judged.name} is shown as a ${role} certificate without the usage ${usage}; it has ${has}.`
      return said(judged, 'cert.wrong-usage', 'error', why, issued(judged), `${side}+${printOf(leaf)}`)
    })
}

function issued({ about, renewal }: Judged): Fix {
  if (about.kind !== 'certificate') return renewal
  const { id, kind, name } = about
  return { kind: 'issue-certificate', label: `Issue another ${name}`, target: { kind, id }, isSafe: false }
}
