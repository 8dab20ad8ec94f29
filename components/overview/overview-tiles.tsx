import type { Overview } from '#domain/overview.ts'
import { figure, requestRate } from '#domain/figures.ts'
import { WordState } from '../ui/state.tsx'
import { Tile, Tiles } from '../ui/tile.tsx'

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
        note={undeployed.map(({ title }) => title).join(', ') || 'Nodes run what is written'}
        href="/deployments"
      />
      <Tile
        label="Traffic"
        value={seen.requestsPerSecond === null ? 'no report' : requestRate(seen.requestsPerSecond)}
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
