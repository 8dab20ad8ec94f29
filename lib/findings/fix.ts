import { z } from 'zod'
import { type SafeFix, safeFixIn } from '#domain/finding.ts'
import { Problem } from '#domain/problem.ts'
import { versionMismatch } from '#domain/tls-versions.ts'
import type { Published } from '#domain/trust-record.ts'
import { tlsVersion } from '#policies/tls-fields.ts'
import { tls } from '#policies/tls/policy.ts'
import { tlsOutbound } from '#policies/tls-outbound/policy.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { readTopology } from '../networks/read.ts'
import { readChain } from '../policies/read.ts'
import { replaceChain } from '../policies/write.ts'
import { completeChain, rotateCertificate } from '../trust/rotate.ts'
import { readCertificateRecord } from '../trust/read.ts'

/** What mends a thing, by its id: what gateways serve at once by that. */
type Mend = (actor: Actor, id: string) => Promise<Published[]>

const mends: Record<SafeFix, Mend> = {
  'set-tls-versions': setVersions,
  'rotate-certificate': async (actor, id) => {
    const { version } = await readCertificateRecord(actor, id)
    return (await rotateCertificate(actor, id, { source: 'issue' }, version)).published
  },
  'complete-chain': async (actor, id) => {
    const { version } = await readCertificateRecord(actor, id)
    return (await completeChain(actor, id, version)).published
  },
}

/** Mends what a finding is about, where that needs nobody's decision. It is judged anew: what was seen may be over. */
export async function fixFinding(
  actor: Actor,
  findingId: string,
  now = new Date(),
): Promise<{ published: Published[] }> {
  requirePermission(actor, 'topology.write')
  const { findings } = await readTopology(actor, now)
  const finding = findings.find(({ id }) => id === findingId)
  if (!finding) throw new Problem('not-found', 'There is no such finding, or it is mended already.')
  const safe = safeFixIn(finding.fix)
  if (safe === null) throw new Problem('finding.undecided', `${finding.fix.label}: that changes what works.`)
  return { published: await mends[safe](actor, finding.fix.target.id) }
}

/** Says in the draft of an API what is agreed on anyway. */
async function setVersions(actor: Actor, instanceId: string): Promise<Published[]> {
  const { policies, version } = await readChain(actor, instanceId)
  const steps = policies.map(({ id, kind, label, enabled, dryRun, rules, upstreams, config }) => {
    const step = { id, kind, label, enabled, dryRun, rules, upstreams }
    return { ...step, config: enabled ? { ...config, ...mendedVersions(kind, config) } : config }
  })
  await replaceChain(actor, instanceId, steps, version)
  return []
}

// Defaults are written out in a chain that is read.
const spoken = z.object({ minversion: tlsVersion, maxversion: tlsVersion, ciphers: z.array(z.string()) })
const kinds: readonly string[] = [tls.kind, tlsOutbound.kind]

function mendedVersions(kind: string, config: unknown): { minversion?: string; maxversion?: string } {
  const { data } = spoken.safeParse(config)
  if (!kinds.includes(kind) || !data) return {}
  const { minversion: minVersion, maxversion: maxVersion, ciphers } = data
  const mend = versionMismatch({ minVersion, maxVersion, ciphers })?.mend
  return mend ? { minversion: mend.minVersion, maxversion: mend.maxVersion } : {}
}
