import { everything, type ExpiryList, matching } from '#domain/expiry.ts'
import type { Overview } from '#domain/overview.ts'
import { figure, requestRate } from '#domain/figures.ts'
import { listHref } from '../certificates/address.ts'
import { WordState } from '../ui/state.tsx'
import { Tile, Tiles } from '../ui/tile.tsx'

/** The figures that say whether somebody must act. */
export function OverviewTiles({ seen, ends }: { seen: Overview; ends: ExpiryList }) {
  const { apis, apisTotal, nodes, undeployed } = seen
  const healthy = nodes.filter((node) => node.status === 'healthy').length
  const exposed = apis.filter((api) => api.exposures.length > 0).length
  const shownAll = apis.length === apisTotal
  return (
    <Tiles>
      <Tile
        label="APIs"
        value={apisTotal}
        note={shownAll ? `${exposed} at a gateway` : 'in the catalog'}
        href="/catalog"
      />
      <Tile
        label="Nodes"
        value={nodes.length === 0 ? 'none' : `${healthy} of ${nodes.length} healthy`}
        note={<NodesNote nodes={nodes} />}
        href="/gateways"
      />
      <Tile
        label="Drafts"
        value={undeployed.length === 0 ? 'all deployed' : `${undeployed.length} not deployed`}
        note={undeployed.map(({ title }) => title).join(', ') || 'Nodes run what is written'}
        href="/deployments"
      />
      <CertificatesTile ends={ends} />
      <Tile
        label="Traffic"
        value={seen.requestsPerSecond === null ? 'no report' : requestRate(seen.requestsPerSecond)}
        note={<TrafficNote seen={seen} />}
      />
    </Tiles>
  )
}

const soonDays = 30

function CertificatesTile({ ends }: { ends: ExpiryList }) {
  const soon = matching(ends, { ...everything, within: soonDays })
  const ended = soon.filter(({ ends: end }) => end?.state === 'expired').length
  const breaking = soon.filter(({ breaks }) => breaks.legs > 0).length
  const notes = [
    ...(ended > 0 ? [`${ended} ${ended === 1 ? 'has' : 'have'} expired`] : []),
    breaking === 0 ? 'none is in use' : `something fails with ${breaking}`,
  ]
  return (
    <Tile
      label={`Certificates, next ${soonDays} days`}
      value={
        soon.length === 0 ? 'none expires' : `${soon.length} ${soon.length === 1 ? 'expires' : 'expire'}`
      }
      note={
        soon.length === 0 ? (
          `${ends.entries.length} are watched over`
        ) : (
          <WordState tone={ended > 0 ? 'err' : 'warn'} className="text-sm max-sm:whitespace-normal">
            {notes.join(', ')}
          </WordState>
        )
      }
      href={listHref({ within: soonDays })}
    />
  )
}

function NodesNote({ nodes }: { nodes: Overview['nodes'] }) {
  const away = nodes.filter((node) => node.status === 'offline')
  const degraded = nodes.filter((node) => node.status === 'degraded')
  if (away.length > 0) {
    return (
      <WordState tone="warn" className="text-sm">
        {away.map(({ hostname }) => hostname).join(', ')} offline
      </WordState>
    )
  }
  if (degraded.length > 0) {
    return (
      <WordState tone="warn" className="text-sm">
        {degraded.map(({ hostname }) => hostname).join(', ')} degraded
      </WordState>
    )
  }
  return nodes.length === 0 ? 'Nothing is served yet' : 'All report'
}

function TrafficNote({ seen }: { seen: Overview }) {
  const { errorsPerSecond, refusedPerSecond } = seen
  if (errorsPerSecond === null || refusedPerSecond === null) return 'No node reports'
  const refused = `${figure(refusedPerSecond)} refused/s by policies`
  if (errorsPerSecond === 0) return refused
  return (
    <>
      <WordState tone="err" className="text-sm">
        {figure(errorsPerSecond)} errors/s
      </WordState>
      , {refused}
    </>
  )
}
