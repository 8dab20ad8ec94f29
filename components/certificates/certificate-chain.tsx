import { ShieldCheck } from 'lucide-react'
import type { Standing } from '#domain/expiry.ts'
import { cn } from '../ui/class-names.ts'
import { Mono } from '../ui/code-line.tsx'
import { Panel } from '../ui/panel.tsx'
import { DotState, WordState } from '../ui/state.tsx'
import { daysText, validityLook } from './looks.ts'

/** The chain as it is found, and the place where a certificate is missing. */
export function CertificateChain({ chain: { links, anchor, missing, known } }: Pick<Standing, 'chain'>) {
  const last = links.at(-1)
  return (
    <Panel className="px-4 py-3.5">
      <ol aria-label="Certificates, from the leaf to the CA" className="flex flex-col">
        {links.map((link, index) => (
          <li key={link.sha256} className="relative pb-4 pl-6 last:pb-0">
            <Rail isLast={index === links.length - 1 && missing === null} isTrusted={!link.isSent} />
            <Mono className="block break-all text-ink">{link.subject}</Mono>
            <span className="flex flex-wrap items-center gap-x-2 text-xs text-ink-3">
              <DotState tone={validityLook[link.state].tone}>{validityLook[link.state].label}</DotState>
              <span className="tnum">{daysText(link.daysLeft)}</span>
              <span>{roleOf(index, link)}</span>
            </span>
          </li>
        ))}
        {missing !== null && (
          <li className="relative pl-6">
            <span
              aria-hidden
              className="absolute top-1 left-0 size-3 rounded-full border-2 border-dashed border-err bg-panel"
            />
            <Mono className="block break-all text-ink">{missing}</Mono>
            <WordState tone="err">missing: unknown authority</WordState>
          </li>
        )}
      </ol>
      <p className="mt-3 border-t border-line pt-2.5 text-sm text-ink-2">
        {anchor ? (
          <span className="flex items-center gap-1.5">
            <ShieldCheck aria-hidden className="size-4 shrink-0 text-ok" />
            Ends at {anchor.name}, which is trusted here.
          </span>
        ) : missing !== null ? (
          known === null ? (
            `${missing} issued it, and is neither sent nor trusted here. Rotate with a bundle that holds it.`
          ) : (
            `${known} is known here and not sent with it. Rotate with a bundle that holds it.`
          )
        ) : last?.selfSigned ? (
          'It ends at itself: no CA vouches for it.'
        ) : (
          'It ends at no CA that its contexts trust.'
        )}
      </p>
    </Panel>
  )
}

function Rail({ isLast, isTrusted }: { isLast: boolean; isTrusted: boolean }) {
  return (
    <>
      {!isLast && <span aria-hidden className="absolute top-3 bottom-0 left-1.25 border-l-2 border-line-2" />}
      <span
        aria-hidden
        className={cn(
          'absolute top-1 left-0 size-3 border-2 border-ink-2 bg-panel',
          isTrusted ? 'rounded-sm bg-ink-2' : 'rounded-full',
        )}
      />
    </>
  )
}

function roleOf(index: number, { isSent }: { isSent: boolean }): string {
  if (index === 0) return 'shown'
  return isSent ? 'sent along' : 'trusted, not sent'
}
