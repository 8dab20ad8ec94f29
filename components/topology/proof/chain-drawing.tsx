'use client'
import type { ChainLink } from '#domain/handshake.ts'
import { cn } from '../../ui/class-names.ts'
import { Mono } from '../../ui/code-line.tsx'
import { WordState } from '../../ui/state.tsx'

/** As much of a chain as is drawn: of a simulated handshake, or of one that a node has made. */
export interface DrawnChain {
  readonly links: readonly (Pick<ChainLink, 'subject' | 'sha256' | 'notBefore' | 'notAfter'> & {
    readonly origin: string
  })[]
  readonly anchored: boolean
  readonly missing: string | null
}

const day = (moment: string) => moment.slice(0, 10)

/** A chain from its trusted end down to the leaf, as one hangs from the other. */
export function ChainDrawing({
  chain: { links, anchored, missing },
  origins,
}: {
  chain: DrawnChain
  origins: Readonly<Record<string, string>>
}) {
  const fromTop = links.toReversed()
  return (
    <ol aria-label="Chain, from its CA down to the certificate" className="flex flex-col">
      {missing !== null && (
        <li>
          <Card className="border-dashed border-err">
            <Mono className="break-all">{missing}</Mono>
            <WordState tone="err" className="block whitespace-normal">
              missing: neither sent nor trusted
            </WordState>
          </Card>
          <Tie broken />
        </li>
      )}
      {fromTop.map(({ subject, sha256, notBefore, notAfter, origin }, index) => (
        <li key={sha256}>
          <Card className={index === 0 && anchored ? 'border-ok' : 'border-line-2'}>
            <Mono className="break-all">{subject === '' ? '(empty subject)' : subject}</Mono>
            <span className="flex flex-wrap items-baseline justify-between gap-x-3">
              <span className="text-xs text-ink-3 tnum">
                {day(notBefore)} to {day(notAfter)}
              </span>
              <WordState tone={index === 0 && anchored ? 'ok' : 'idle'}>
                {origins[origin] ?? origin}
              </WordState>
            </span>
          </Card>
          {index < fromTop.length - 1 && <Tie />}
        </li>
      ))}
    </ol>
  )
}

function Card({ className, children }: { className?: string; children: React.ReactNode }) {
  return <div className={cn('rounded-md border bg-panel px-2.5 py-1.5', className)}>{children}</div>
}

function Tie({ broken = false }: { broken?: boolean }) {
  return (
    <span
      aria-hidden
      className={cn('ml-5 block h-3 border-l', broken ? 'border-dashed border-err' : 'border-ink-3')}
    />
  )
}
