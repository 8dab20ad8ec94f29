'use client'
import { type LegView, readingsOf } from '#domain/leg.ts'
import { ascending } from '#domain/listing.ts'
import { peersOn } from '#diagram/peers.ts'
import { agreementText } from '#diagram/seen.ts'
import { Mono } from '../../ui/code-line.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import type { Model } from '#diagram/model.ts'
import { Part } from './part.tsx'

const shownMax = 12

interface Props {
  model: Model
  leg: LegView
}

/** Who was really seen at the far end and what was agreed on, the latest first. Nothing where no node can see. */
export function PeerList({ model, leg }: Props) {
  const { observed } = model.topology
  const apiIds = new Set(readingsOf(leg).flatMap((reading) => reading.apiIds))
  if (!observed || apiIds.size === 0) return null
  const isHere = ({ apiId, side = leg.side }: { apiId: string; side?: LegView['side'] }) =>
    side === leg.side && apiIds.has(apiId)
  const peers = peersOn(model, leg) ?? []
  const callers = leg.side === 'inbound' ? latestFirst(observed.callers.filter(isHere)) : []
  const agreements = latestFirst(observed.agreements.filter(isHere))
  const since = [...apiIds].flatMap((apiId) => observed.apis[apiId]?.since ?? []).toSorted(ascending)[0]
  return (
    <>
      <Part title="Agreed on the wire">
        {agreements.length === 0 && <Nobody since={since} words="Nothing" />}
        <ul>
          {onceEach(agreements, agreementText).map(({ words, lastSeenAt }) => (
            <li key={words} className="border-t border-line py-1.5 text-xs break-words">
              {words}, <span className="text-ink-3">seen </span>
              <RelativeTime at={lastSeenAt} className="text-ink-3" />
            </li>
          ))}
        </ul>
      </Part>
      <Part title="Peers really seen">
        {peers.length === 0 && <Nobody since={since} words="None" />}
        <ul>
          {peers.slice(0, shownMax).map((peer) => (
            <li
              key={`${peer.apiId} ${peer.subject} ${peer.issuer} ${peer.names.map(({ value }) => value).join()}`}
              className="border-t border-line py-1.5 text-xs"
            >
              <Mono className="break-all">{peer.subject}</Mono>
              <span className="block text-ink-3">
                from <Mono className="break-all">{peer.issuer}</Mono>, seen{' '}
                <RelativeTime at={peer.lastSeenAt} />
              </span>
              <span className="block text-ink-2">{peer.match}</span>
            </li>
          ))}
        </ul>
        <More rest={peers.length - shownMax} />
      </Part>
      {callers.length > 0 && (
        <Part title="Callers by key or token">
          <ul>
            {onceEach(callers, ({ clientId }) => callerName(model, clientId))
              .slice(0, shownMax)
              .map(({ words, lastSeenAt }) => (
                <li key={words} className="border-t border-line py-1.5 text-xs">
                  {words}, <span className="text-ink-3">seen </span>
                  <RelativeTime at={lastSeenAt} className="text-ink-3" />
                </li>
              ))}
          </ul>
          <More rest={callers.length - shownMax} />
        </Part>
      )}
    </>
  )
}

function callerName(model: Model, clientId: string | null): string {
  if (clientId === null) return 'Somebody with neither certificate, key nor token'
  return model.parties.get(clientId)?.name ?? clientId
}

function Nobody({ since, words }: { since: string | undefined; words: string }) {
  return (
    <p className="text-sm text-ink-3">
      {since === undefined
        ? 'No node watches it yet.'
        : `${words} since a node began to watch on ${since.slice(0, 10)}.`}
    </p>
  )
}

function More({ rest }: { rest: number }) {
  return rest > 0 ? <p className="border-t border-line pt-1.5 text-xs text-ink-3">and {rest} more</p> : null
}

function latestFirst<T extends { lastSeenAt: string }>(all: readonly T[]): T[] {
  return all.toSorted((a, b) => ascending(b.lastSeenAt, a.lastSeenAt))
}

/** APIs that share a leg may have seen the same. */
function onceEach<T extends { lastSeenAt: string }>(all: readonly T[], wordsOf: (one: T) => string) {
  const latest = new Map<string, string>()
  for (const one of all) {
    const words = wordsOf(one)
    if (!latest.has(words)) latest.set(words, one.lastSeenAt)
  }
  return [...latest].map(([words, lastSeenAt]) => ({ words, lastSeenAt }))
}
