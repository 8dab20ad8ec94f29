'use client'
import type { LegView } from '#domain/leg.ts'
import { Mono } from '../../ui/code-line.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import type { Model } from '#diagram/model.ts'
import { peersOn } from '#diagram/peers.ts'
import { Part } from './part.tsx'

const shownMax = 12

/** Who was really seen at the far end, the latest first. Nothing where no node can see. */
export function PeerList({ model, leg }: { model: Model; leg: LegView }) {
  const peers = peersOn(model, leg)
  if (!peers) return null
  return (
    <Part title="Peers really seen">
      {peers.length === 0 && <p className="text-sm text-ink-3">None since nodes began to look.</p>}
      <ul>
        {peers.slice(0, shownMax).map(({ apiId, subject, issuer, partyId, lastSeenAt }) => (
          <li key={`${apiId} ${subject} ${issuer}`} className="border-t border-line py-1.5 text-xs">
            <Mono className="break-all">{subject}</Mono>
            <span className="block text-ink-3">
              from <Mono className="break-all">{issuer}</Mono>
              {partyId !== null &&
                `, taken for ${model.parties.get(partyId)?.name ?? 'a party that is gone'}`}
              , seen <RelativeTime at={lastSeenAt} />
            </span>
          </li>
        ))}
      </ul>
      {peers.length > shownMax && (
        <p className="border-t border-line pt-1.5 text-xs text-ink-3">and {peers.length - shownMax} more</p>
      )}
    </Part>
  )
}
