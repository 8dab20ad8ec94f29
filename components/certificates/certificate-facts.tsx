import type { CertificateRecord } from '#domain/trust-record.ts'
import { CodeLine, Mono } from '../ui/code-line.tsx'
import { Fact, Facts, Panel, Section } from '../ui/panel.tsx'

const usageWords: Readonly<Record<string, string>> = {
  serverAuth: 'server (serverAuth)',
  clientAuth: 'client (clientAuth)',
  anyExtendedKeyUsage: 'any',
}

const nameWords = { dns: 'DNS', uri: 'URI', email: 'mailbox', ip: 'IP' } as const

function keyWords(hasKey: boolean, isKept: boolean): string {
  if (isKept) return 'private key on its node alone'
  return hasKey ? 'private key sealed here' : 'private key is elsewhere'
}

/** What the certificate that is shown says of itself. */
export function CertificateFactsPanel({
  certificate: {
    chain: [leaf],
    hasKey,
    kept,
  },
}: {
  certificate: CertificateRecord
}) {
  if (!leaf) return null
  const usages = leaf.extendedKeyUsages?.map((usage) => usageWords[usage] ?? usage).join(', ')
  return (
    <Section title="Certificate">
      <Panel className="px-4 py-3">
        <Facts>
          <Fact label="Subject">
            <Mono className="break-all">{leaf.subject}</Mono>
          </Fact>
          <Fact label="Names">
            {leaf.names.length === 0 && <span className="text-ink-3">none</span>}
            <ul>
              {leaf.names.map(({ type, value }) => (
                <li key={`${type} ${value}`} className="flex gap-2">
                  <Mono className="break-all">{value}</Mono>
                  <span className="text-xs text-ink-3">{nameWords[type]}</span>
                </li>
              ))}
            </ul>
          </Fact>
          <Fact label="Issuer">
            <Mono className="break-all">{leaf.selfSigned ? 'itself' : leaf.issuer}</Mono>
          </Fact>
          <Fact label="Serial number">
            <Mono className="break-all">{leaf.serialNumber}</Mono>
          </Fact>
          <Fact label="Key">
            {leaf.key.algorithm}, {leaf.key.bits} bits
            <span className="text-ink-3">, {keyWords(hasKey, kept !== null)}</span>
          </Fact>
          <Fact label="Usages">{usages ?? 'any'}</Fact>
        </Facts>
        <div className="mt-3 flex flex-col gap-1">
          <span className="text-xs text-ink-3">SHA-256 of the certificate</span>
          <CodeLine text={leaf.sha256} label="Copy the fingerprint" wrap />
          <span className="mt-1 text-xs text-ink-3">SHA-256 of its public key, base64</span>
          <CodeLine text={leaf.spkiSha256} label="Copy the public key's hash" wrap />
        </div>
      </Panel>
    </Section>
  )
}
