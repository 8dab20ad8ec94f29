'use client'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import type { Standing } from '#domain/expiry.ts'
import { count } from '#domain/listing.ts'
import { Button } from '../ui/button.tsx'
import { Hexagon } from '../ui/hexagon.tsx'
import { Panel } from '../ui/panel.tsx'

const shownAtOnce = 6

/** The APIs, consumers and legs that fail without it, each leading to where it is seen. */
export function CertificateReach({ standing: { contexts, apis, consumers, legs } }: { standing: Standing }) {
  return (
    <Panel>
      <p className="border-b border-line px-4 py-3 text-sm">
        {legs.length === 0 ? (
          <span className="text-ink-2">
            {contexts.length === 0
              ? 'Nothing: no context shows it.'
              : 'Nothing yet: no flow takes a leg that its contexts prove.'}
          </span>
        ) : (
          <>
            <span className="text-lg font-semibold tnum">{count(apis.length, 'API')}</span>
            {', '}
            <span className="text-lg font-semibold tnum">{count(consumers.length, 'consumer')}</span>
            {' and '}
            <span className="text-lg font-semibold tnum">{count(legs.length, 'leg')}</span>
          </>
        )}
      </p>
      <div className="grid gap-x-6 gap-y-4 px-4 py-3 sm:grid-cols-2">
        <Group title="Contexts that show it" empty="none">
          {contexts.map(({ id, name, class: cls }) => (
            <span key={id} className="flex items-center gap-2 text-sm">
              <Hexagon trust={cls} />
              <To href={`/contexts/${id}`}>{name}</To>
            </span>
          ))}
        </Group>
        <Group title="APIs" empty="none">
          {apis.map(({ id, name, label }) => (
            <To key={id} href={`/topology?select=api:${id}`}>
              {name} <span className="text-ink-3">{label}</span>
            </To>
          ))}
        </Group>
        <Group title="Consumers" empty="none">
          {consumers.map(({ id, name }) => (
            <To key={id} href={`/topology?select=party:${id}`}>
              {name}
            </To>
          ))}
        </Group>
        <Group title="Legs" empty="none">
          {legs.map(({ id, from, to }) => (
            <To key={id} href={`/topology?select=leg:${encodeURIComponent(id)}`}>
              {from} <span className="text-ink-3">to</span> {to}
            </To>
          ))}
        </Group>
      </div>
    </Panel>
  )
}

function To({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link
      href={href}
      prefetch={false}
      className="block truncate rounded-sm text-sm underline decoration-line-2 underline-offset-3 hover:text-accent hover:decoration-accent"
    >
      {children}
    </Link>
  )
}

function Group({ title, empty, children }: { title: string; empty: string; children: readonly ReactNode[] }) {
  const [shown, setShown] = useState(shownAtOnce)
  return (
    <section className="min-w-0">
      <h3 className="mb-1 text-xs font-medium text-ink-3">{title}</h3>
      {children.length === 0 ? (
        <p className="text-sm text-ink-3">{empty}</p>
      ) : (
        <ul className="flex flex-col gap-1">
          {children.slice(0, shown).map((child, index) => (
            <li key={index} className="min-w-0">
              {child}
            </li>
          ))}
        </ul>
      )}
      {children.length > shown && (
        <Button variant="link" size="sm" onClick={() => setShown(shown + 10 * shownAtOnce)}>
          Show {children.length - shown} more
        </Button>
      )}
    </section>
  )
}
