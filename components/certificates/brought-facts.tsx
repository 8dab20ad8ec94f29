import type { CertificateFacts } from '#domain/certificate.ts'
import { count, listed } from '#domain/listing.ts'
import { Mono } from '../ui/code-line.tsx'
import { Fact, Facts } from '../ui/panel.tsx'
import { shortName } from './looks.ts'

/** What a file holds, in the facts that tell whether it is the right one. */
export function BroughtFacts({ chain, hasKey }: { chain: readonly CertificateFacts[]; hasKey: boolean }) {
  const [leaf, ...above] = chain
  if (!leaf) return null
  return (
    <Facts className="rounded-md border border-line bg-canvas px-3 py-2">
      <Fact label="Subject">
        <Mono>{leaf.subject}</Mono>
      </Fact>
      {leaf.names.length > 0 && (
        <Fact label="Names">
          <Mono className="break-all">
            {listed(
              leaf.names.map(({ value }) => value),
              6,
            )}
          </Mono>
        </Fact>
      )}
      <Fact label="Issuer">
        {leaf.selfSigned ? 'itself' : shortName(leaf.issuer)}
        {above.length > 0 && `, with ${count(above.length, 'intermediate')}`}
      </Fact>
      <Fact label="Valid">
        <span className="tnum">
          {leaf.notBefore.slice(0, 10)} to {leaf.notAfter.slice(0, 10)}
        </span>
      </Fact>
      <Fact label="Key">
        {leaf.key.algorithm}, {leaf.key.bits} bits,{' '}
        {hasKey ? 'private key included' : 'without its private key'}
      </Fact>
      <Fact label="SHA-256">
        <Mono className="break-all">{leaf.sha256.slice(0, 32)}…</Mono>
      </Fact>
    </Facts>
  )
}
