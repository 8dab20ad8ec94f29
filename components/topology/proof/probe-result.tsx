'use client'
import { CircleCheck, CircleX } from 'lucide-react'
import { type ProbeReport, probeStages, type ProbeView } from '#domain/probe.ts'
import { cn } from '../../ui/class-names.ts'
import { Mono } from '../../ui/code-line.tsx'
import { milliseconds } from '#domain/figures.ts'
import { Notice } from '../../ui/notice.tsx'
import { Fact, Facts } from '../../ui/panel.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { ChainDrawing } from './chain-drawing.tsx'
import { stageTitle } from './looks.ts'
import { VerdictBanner } from './verdict-banner.tsx'

/** What a node found: the verdict, how long each stage took, what was agreed on, and the chain as it was shown. */
export function ProbeResult({ probe }: { probe: ProbeView }) {
  const { report, status, hostname, startedAt, startedBy } = probe
  if (report === null)
    return status === 'not-served' ? (
      <Notice tone="warn" title={`${hostname} does not serve this`}>
        It connects only to what it serves or leads to. Deploy the API, or ask a node that has it.
      </Notice>
    ) : (
      <Notice tone="err" title={`${hostname} did not answer`}>
        It was told to look, and did not say in time what it found.
      </Notice>
    )
  const ok = report.outcome === 'ok'
  return (
    <section aria-label="What the node found" className="flex flex-col gap-3">
      <VerdictBanner ok={ok} icon={ok ? CircleCheck : CircleX} title={ok ? 'It answers' : 'It fails'}>
        <p className="text-sm break-words text-ink-2">{report.detail}</p>
        <p className="text-xs text-ink-2">
          {report.code !== null && (
            <>
              <Mono>{report.code}</Mono>,{' '}
            </>
          )}
          from {hostname}, by {startedBy}, <RelativeTime at={startedAt} />
        </p>
      </VerdictBanner>
      <Stages report={report} />
      <div className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
        <Agreed report={report} />
        {report.chain.length > 0 && (
          <div>
            <h3 className="mb-2 text-xs font-medium text-ink-2">The chain as it was shown</h3>
            <ChainDrawing
              chain={{
                links: report.chain.map((link, index) => ({
                  ...link,
                  origin: index === 0 ? 'leaf' : 'sent',
                })),
                anchored: report.tls?.verified === true,
                missing: null,
              }}
              origins={{ leaf: 'shown', sent: 'sent along' }}
            />
          </div>
        )}
      </div>
    </section>
  )
}

function Agreed({ report: { url, address, tls, chain } }: { report: ProbeReport }) {
  const names = chain[0]?.names ?? []
  return (
    <div>
      <h3 className="mb-2 text-xs font-medium text-ink-2">What was agreed on</h3>
      <Facts>
        <Fact label="Place">
          <Mono className="break-all">{url}</Mono>
        </Fact>
        {address !== null && (
          <Fact label="Address">
            <Mono>{address}</Mono>
          </Fact>
        )}
        {tls === null ? (
          <Fact label="TLS">none</Fact>
        ) : (
          <>
            <Fact label="Version">{tls.version.replace('TLSv', 'TLS ')}</Fact>
            <Fact label="Cipher">
              <Mono className="break-all">{tls.cipher}</Mono>
            </Fact>
            <Fact label="Protocol">{tls.alpn ?? 'none by ALPN'}</Fact>
            {tls.serverName !== null && (
              <Fact label="Asked for">
                <Mono className="break-all">{tls.serverName}</Mono>
              </Fact>
            )}
            <Fact label="Verified">{verifiedText(tls.verified)}</Fact>
            {tls.verified !== null && <Fact label="Own certificate">{tls.ownSubject ?? 'none'}</Fact>}
          </>
        )}
        {names.length > 0 && (
          <Fact label="Names">
            <Mono className="break-all">{names.join(', ')}</Mono>
          </Fact>
        )}
      </Facts>
    </div>
  )
}

function verifiedText(verified: boolean | null): string {
  if (verified === null) return 'left to its clients'
  return verified ? 'chain and name' : 'no'
}

const fills = { resolve: 'bg-ink-3', connect: 'bg-accent/60', tls: 'bg-accent' } as const

/** The stages as one bar, each as wide as it took, and in words under it. */
function Stages({ report }: { report: ProbeReport }) {
  const took = { resolve: report.resolveMs, connect: report.connectMs, tls: report.tlsMs }
  const total = probeStages.reduce((sum, stage) => sum + (took[stage] ?? 0), 0)
  return (
    <div>
      <div aria-hidden className="flex h-2 gap-px overflow-hidden rounded-full bg-line">
        {probeStages.map((stage) => (
          <div
            key={stage}
            className={cn('min-w-px', fills[stage])}
            style={{ width: `${total === 0 ? 0 : ((took[stage] ?? 0) / total) * 100}%` }}
          />
        ))}
      </div>
      <dl className="mt-1.5 flex flex-wrap gap-x-5 gap-y-1 text-xs">
        {probeStages.map((stage) => (
          <div key={stage} className="flex items-center gap-1.5">
            <i aria-hidden className={cn('size-2 rounded-xs', fills[stage])} />
            <dt className="text-ink-3">{stageTitle[stage]}</dt>
            <dd className={cn('tnum', report.failedAt === stage ? 'font-medium text-err' : 'text-ink')}>
              {stageText(report, stage, took[stage])}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

function stageText(
  { failedAt }: ProbeReport,
  stage: (typeof probeStages)[number],
  ms: number | null,
): string {
  const time = ms === null ? null : milliseconds(ms)
  if (failedAt === stage) return time === null ? 'failed' : `${time}, failed`
  return time ?? 'not needed'
}
