import type { Overview } from '#domain/overview.ts'
import { WordState } from '../ui/state.tsx'
import { Tile, Tiles } from '../ui/tile.tsx'
import { rate } from './figures.ts'

/** The four figures that say whether somebody must act. */
export function OverviewTiles({ seen }: { seen: Overview }) {
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
        note={undeployed.map(({ title }) => title).join(', ') || 'What is written is what runs'}
        href="/deployments"
      />
      <Tile
        label="Traffic"
        value={seen.requestsPerSecond === null ? 'no report' : `${rate(seen.requestsPerSecond)} req/s`}
        note={<TrafficNote seen={seen} />}
      />
    </Tiles>
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
  const refused = `${rate(refusedPerSecond)} refused by policies`
  if (errorsPerSecond === 0) return refused
  return (
    <>
      <WordState tone="err" className="text-sm">
        {rate(errorsPerSecond)} errors
      </WordState>
      , {refused}
    </>
  )
}
