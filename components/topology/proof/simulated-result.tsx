'use client'
import { ShieldCheck, ShieldX } from 'lucide-react'
import type { SimulationResult } from '#domain/handshake.ts'
import { Mono } from '../../ui/code-line.tsx'
import { ChainDrawing } from './chain-drawing.tsx'
import { HandshakeSteps } from './handshake-steps.tsx'
import { VerdictBanner } from './verdict-banner.tsx'

const origins = { leaf: 'shown', sent: 'sent along', trusted: 'trusted' } as const

/** The verdict in one line, then how it came about: the checks in order beside the chain that was built. */
export function SimulatedResult({ result }: { result: SimulationResult }) {
  const { verdict, code, detail, openssl, checks, chain } = result
  const accepted = verdict === 'accepted'
  return (
    <section aria-label="Result" className="flex flex-col gap-3">
      <VerdictBanner
        ok={accepted}
        icon={accepted ? ShieldCheck : ShieldX}
        title={accepted ? 'Accepted' : 'Refused'}
      >
        <p className="text-sm text-ink-2">
          {detail} {whereText(result)}
        </p>
        {code !== null && (
          <p className="text-xs break-words text-ink-2">
            A client is told 401 <Mono>{code}</Mono>
            {openssl !== null && (
              <>
                ; OpenSSL says <Mono className="break-all">{openssl}</Mono>
              </>
            )}
          </p>
        )}
      </VerdictBanner>
      <div className="grid gap-x-6 gap-y-4 sm:grid-cols-[minmax(0,1.15fr)_minmax(0,1fr)]">
        <div>
          <h3 className="mb-2 text-xs font-medium text-ink-2">Checks, in order</h3>
          <HandshakeSteps checks={checks} />
        </div>
        <div>
          <h3 className="mb-2 text-xs font-medium text-ink-2">The chain that was built</h3>
          {chain ? (
            <ChainDrawing chain={chain} origins={origins} />
          ) : (
            <p className="text-xs text-ink-3">No certificate was looked at.</p>
          )}
        </div>
      </div>
    </section>
  )
}

function whereText({ at: { name, state, revision } }: SimulationResult): string {
  switch (state) {
    case 'deployed':
      return `Judged as ${name} is served in revision ${revision}.`
    case 'draft':
      return `Judged as ${name} is drafted; it is not deployed yet.`
    case 'context':
      return `Judged by the CAs of the context ${name} alone.`
  }
}
