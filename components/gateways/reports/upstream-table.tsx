import { codeInWords } from '#domain/gateway-codes.ts'
import type { EndpointReport, UpstreamReport } from '#domain/node-report.ts'
import { endpointStateOf, isInTrouble, type UpstreamState, upstreamStateOf } from '#domain/upstream-state.ts'
import { Mono } from '../../ui/code-line.tsx'
import { State, WordState } from '../../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../../ui/table.tsx'
import { ApiName, type ApiNames } from './api-name.tsx'
import { endpointLook, upstreamLook } from './looks.ts'
import { counted } from './spans.ts'

const figures = 'text-right tnum'

interface Row {
  id: string
  instanceId: string
  /** Null for the API's own upstream. */
  destination: string | null
  upstream: UpstreamReport
  state: UpstreamState
}

/** Those in trouble first, the others as the APIs stand: an order that no load changes. */
function rowsOf(upstreams: Readonly<Record<string, UpstreamReport>>, names: ApiNames): Row[] {
  const places = new Map([...names.keys()].map((id, place) => [id, place]))
  const rows = Object.entries(upstreams).map(([id, upstream]): Row => {
    const [instanceId = '', destination = null] = id.split(/:(.*)/)
    return { id, instanceId, destination, upstream, state: upstreamStateOf(upstream) }
  })
  const rank = ({ state, instanceId }: Row) =>
    (state === 'down' ? 0 : state === 'partly' ? 1 : 2) * 1e6 + (places.get(instanceId) ?? 1e5)
  return rows.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
}

/** The upstreams of a node with their endpoints: who answers, who is left out, and what the pools hold. */
export function UpstreamTable({
  caption,
  upstreams,
  names,
}: {
  caption: string
  upstreams: Readonly<Record<string, UpstreamReport>>
  names: ApiNames
}) {
  return (
    <Table className="min-w-180 table-fixed">
      <caption className="sr-only">{caption}</caption>
      <TableHead>
        <tr>
          <TableHeader className="w-[30%]">Upstream</TableHeader>
          <TableHeader className="w-[22%]">State</TableHeader>
          <TableHeader className={`w-[11%] ${figures}`}>Connections</TableHeader>
          <TableHeader className={`w-[7%] ${figures}`}>Idle</TableHeader>
          <TableHeader className={`w-[8%] ${figures}`}>Waiting</TableHeader>
          <TableHeader>Noticed</TableHeader>
        </tr>
      </TableHead>
      {rowsOf(upstreams, names).map((row) => (
        <TableBody key={row.id} className="border-t border-line">
          <UpstreamRow row={row} names={names} />
          {severalOf(row.upstream).map((endpoint) => (
            <EndpointRow key={endpoint.url} endpoint={endpoint} upstream={row.upstream} />
          ))}
        </TableBody>
      ))}
    </Table>
  )
}

// A single endpoint is said with its upstream: a row of its own would say all of it twice.
function severalOf({ endpointList = [] }: UpstreamReport): readonly EndpointReport[] {
  return endpointList.length > 1 ? endpointList : []
}

function UpstreamRow({ row, names }: { row: Row; names: ApiNames }) {
  const { upstream, state, instanceId, destination } = row
  const { label, tone } = upstreamLook[state]
  const [only, ...others] = upstream.endpointList ?? []
  const single = others.length === 0 ? only : undefined
  return (
    <TableRow>
      <TableCell>
        <ApiName id={instanceId} names={names} />
        {destination !== null && <div className="text-xs text-ink-2">to {destination}</div>}
        {single && <Mono className="block break-all text-ink-2">{single.url}</Mono>}
      </TableCell>
      <TableCell>
        <State tone={tone}>{label}</State>
        {single && isInTrouble(state) && (
          <div className="mt-0.5">
            <EndpointState endpoint={single} upstream={upstream} />
          </div>
        )}
      </TableCell>
      <TableCell className={figures}>{upstream.connections}</TableCell>
      <TableCell className={figures}>{upstream.idle ?? '–'}</TableCell>
      <TableCell className={figures}>
        <span className={upstream.pending > 0 ? 'text-warn' : undefined}>{upstream.pending}</span>
      </TableCell>
      <TableCell>
        <Noticed upstream={upstream} state={state} />
      </TableCell>
    </TableRow>
  )
}

function Noticed({ upstream, state }: { upstream: UpstreamReport; state: UpstreamState }) {
  const { circuitsOpen, circuitRefusals = 0, unverified = 0, retries, healthChecks } = upstream
  const pools = Math.max(circuitsOpen, ...(upstream.endpointList ?? []).map((endpoint) => endpoint.pools))
  const failures = Object.entries(upstream.failedHandshakes ?? {})
  return (
    <ul className="text-xs text-ink-2">
      {circuitsOpen > 0 && (
        <li className="text-err">
          Circuit open {whereOf(circuitsOpen, pools)}
          {circuitRefusals > 0 && `, ${counted(circuitRefusals, 'request')} refused`}
        </li>
      )}
      {unverified > 0 && <li className="text-err">Any certificate of it is taken</li>}
      {failures.map(([code, count]) => (
        <li key={code} className={isInTrouble(state) ? 'text-err' : 'text-warn'}>
          {counted(count, 'TLS handshake')} failed: {codeInWords(code) ?? code}
        </li>
      ))}
      {healthChecks && (
        <li>
          Checks: {healthChecks.succeeded.toLocaleString('en-GB')} well,{' '}
          {healthChecks.failed.toLocaleString('en-GB')} not
        </li>
      )}
      {retries > 0 && <li>{counted(retries, 'retry', 'retries')} in the last 5 s</li>}
    </ul>
  )
}

interface EndpointProps {
  endpoint: EndpointReport
  upstream: UpstreamReport
}

function EndpointState({ endpoint, upstream }: EndpointProps) {
  const state = endpointStateOf(endpoint, upstream)
  const { label, tone } = endpointLook[state]
  const out = state === 'unhealthy' ? endpoint.unhealthyIn : endpoint.ejectedIn
  return (
    <span className="text-xs">
      <WordState tone={tone}>{label}</WordState>
      {out > 0 && endpoint.pools > 1 && <span className="text-ink-3"> {whereOf(out, endpoint.pools)}</span>}
    </span>
  )
}

function EndpointRow({ endpoint, upstream }: EndpointProps) {
  return (
    <TableRow className="border-t-0!">
      <TableCell className="h-7 py-1 pl-6">
        <Mono className="break-all text-ink-2">{endpoint.url}</Mono>
      </TableCell>
      <TableCell className="h-7 py-1">
        <EndpointState endpoint={endpoint} upstream={upstream} />
      </TableCell>
      <TableCell className={`${figures} h-7 py-1 text-xs`}>{endpoint.connections}</TableCell>
      <TableCell colSpan={3} className="h-7 py-1" />
    </TableRow>
  )
}

/** Each worker judges for itself. */
function whereOf(count: number, pools: number): string {
  if (pools <= 1) return ''
  return count >= pools ? 'in every worker' : `in ${count} of ${pools} workers`
}
