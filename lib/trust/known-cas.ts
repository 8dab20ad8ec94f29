import { type CertificateFacts, pathFrom } from '#domain/certificate.ts'
import type { Tx } from '../db.ts'
import { blocksOf, factsInPem } from './pem-facts.ts'

/** A certificate of a CA as it can be sent, beside what it says. */
interface KnownCa {
  readonly facts: CertificateFacts
  readonly pem: string
}

/** Every CA certificate that the organisation has, of its own or in the chain of another certificate. */
export async function knownCas(tx: Tx, organisationId: string): Promise<KnownCa[]> {
  const [authorities, versions] = await Promise.all([
    tx.authority.findMany({ where: { organisationId }, orderBy: { id: 'asc' } }),
    tx.certificateVersion.findMany({
      where: { organisationId, state: 'current' },
      orderBy: { id: 'asc' },
      select: { chain: true },
    }),
  ])
  const texts = [...authorities.map(({ certificate }) => certificate), ...versions.map(({ chain }) => chain)]
  const known = texts
    .flatMap((text) => blocksOf(text ?? ''))
    .flatMap((pem): KnownCa[] => {
      const [facts] = factsInPem(pem, 1) ?? []
      return facts?.isCa ? [{ facts, pem }] : []
    })
  return [...new Map(known.map((each) => [each.facts.sha256, each])).values()]
}

/** What a chain comes without, from below, as far as it is known. A root is never sent: who trusts it has it. */
export function lackingIn(chain: readonly CertificateFacts[], known: readonly KnownCa[]): string[] {
  const [leaf, ...sent] = chain
  if (!leaf) return []
  const { certificates } = pathFrom(leaf, [...sent, ...known.map(({ facts }) => facts)], [])
  const there = new Set(chain.map(({ sha256 }) => sha256))
  return certificates
    .filter(({ sha256, selfSigned }) => !selfSigned && !there.has(sha256))
    .flatMap(({ sha256 }) => known.find(({ facts }) => facts.sha256 === sha256)?.pem ?? [])
}
