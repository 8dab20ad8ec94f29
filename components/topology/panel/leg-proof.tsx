'use client'
import type { LegReading } from '#domain/leg.ts'
import type { Proof } from '#domain/proof.ts'
import { Mono } from '../../ui/code-line.tsx'
import { Fact, Facts } from '../../ui/panel.tsx'
import { DotState, WordState } from '../../ui/state.tsx'
import { modeLabel, validityLook } from '#diagram/looks.ts'
import { daysText, versionsText } from '#diagram/words.ts'

/** How TLS is spoken on a leg, and the chain from the leaf to its CA. */
export function LegProof({ reading: { tls, proof } }: { reading: LegReading }) {
  return (
    <>
      {tls && <TlsFacts tls={tls} />}
      {proof && <Chain proof={proof} />}
    </>
  )
}

function TlsFacts({ tls }: { tls: NonNullable<LegReading['tls']> }) {
  const { mode, ciphers, subjectAltNames, serverName } = tls
  return (
    <Facts className="mt-1">
      {mode && <Fact label="Clients">{modeLabel[mode]}</Fact>}
      <Fact label="Versions">{versionsText(tls)}</Fact>
      <Fact label="Ciphers">
        {ciphers.length > 0 ? <Mono className="break-all">{ciphers.join(', ')}</Mono> : 'a good choice'}
      </Fact>
      {mode !== 'DISABLE' && (
        <Fact label="Allowed names">
          {subjectAltNames.length > 0 ? (
            <Mono className="break-all">{subjectAltNames.join(', ')}</Mono>
          ) : mode === null ? (
            'the server name alone'
          ) : (
            'all from the trusted CAs'
          )}
        </Fact>
      )}
      {mode === null && (
        <Fact label="Server name">
          {serverName ? <Mono className="break-all">{serverName}</Mono> : 'the host of the upstream'}
        </Fact>
      )}
    </Facts>
  )
}

function Chain({ proof: { links, anchor, missing, fails } }: { proof: Proof }) {
  return (
    <div className="mt-2">
      <ol aria-label="Certificates, from the leaf to the CA" className="flex flex-col">
        {links.map(({ sha256, subject, state, daysLeft }) => (
          <li key={sha256} className="border-l border-line-2 pb-1.5 pl-3">
            <Mono className="break-all">{subject}</Mono>
            <span className="flex items-center gap-2">
              <DotState tone={validityLook[state].tone}>{validityLook[state].label}</DotState>
              <span className="text-xs text-ink-3 tnum">{daysText(daysLeft)}</span>
            </span>
          </li>
        ))}
        {missing !== null && (
          <li className="border-l border-dashed border-err pb-1.5 pl-3">
            <Mono className="break-all">{missing}</Mono>
            <WordState tone="err" className="block">
              missing: unknown authority
            </WordState>
          </li>
        )}
      </ol>
      {anchor !== null && <p className="text-xs text-ink-3">Trusted through {anchor}.</p>}
      {fails !== null && <WordState tone="err">Handshakes fail: {fails}.</WordState>}
    </div>
  )
}
