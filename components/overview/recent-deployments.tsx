import Link from 'next/link'
import type { Overview } from '#domain/overview.ts'
import { deploymentsHref } from '../deployments/address.ts'
import { Panel, Section } from '../ui/panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { WordState } from '../ui/state.tsx'

/** The last deployments and roll-backs over all gateways. */
export function RecentDeployments({ seen }: { seen: Overview }) {
  return (
    <Section title="Deployments">
      <Panel>
        {seen.revisions.length === 0 && <p className="px-3.5 py-3 text-sm text-ink-2">No deployments yet.</p>}
        <ul className="divide-y divide-line">
          {seen.revisions.map((revision) => (
            <li key={`${revision.gatewayId} ${revision.number}`}>
              <Link
                href={deploymentsHref({ gateway: revision.gatewayId, revision: revision.number })}
                className="flex items-baseline gap-3 px-3.5 py-2 hover:bg-canvas focus-visible:-outline-offset-2"
              >
                <span className="min-w-0 flex-1">
                  <span className="block truncate text-sm font-medium">
                    Revision {revision.number} to {revision.gatewayName}
                    {revision.isHead && (
                      <WordState tone="ok" className="ml-2 font-normal">
                        current
                      </WordState>
                    )}
                  </span>
                  <span className="block truncate text-xs text-ink-3">{whatAndWho(revision)}</span>
                </span>
                <RelativeTime at={revision.createdAt} className="shrink-0 text-xs text-ink-3" />
              </Link>
            </li>
          ))}
        </ul>
      </Panel>
    </Section>
  )
}

function whatAndWho({ kind, restoresNumber, note, createdBy }: Overview['revisions'][number]): string {
  const what = note || (kind === 'rollback' ? `Rolled back to ${restoresNumber}` : '')
  return what ? `${what}, by ${createdBy}` : `by ${createdBy}`
}
