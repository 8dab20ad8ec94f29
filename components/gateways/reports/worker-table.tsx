import type { WorkerReport } from '#domain/node-report.ts'
import { figure } from '#domain/figures.ts'
import { State } from '../../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../../ui/table.tsx'
import { workerLook } from './looks.ts'
import { megabytes } from './spans.ts'

const figures = 'text-right tnum'

/** The processes of a node that serve, and how often each had to be started again. */
export function WorkerTable({
  caption,
  workers,
  intervalMs,
}: {
  caption: string
  workers: readonly WorkerReport[]
  intervalMs: number
}) {
  return (
    <Table className="table-fixed">
      <caption className="sr-only">{caption}</caption>
      <TableHead>
        <tr>
          <TableHeader>Worker</TableHeader>
          <TableHeader>State</TableHeader>
          <TableHeader className={figures}>Connections</TableHeader>
          <TableHeader className={figures}>Requests/s</TableHeader>
          <TableHeader className={figures}>Memory</TableHeader>
          <TableHeader className={figures}>Restarts</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {workers.map((worker) => (
          <WorkerRow key={worker.worker} worker={worker} intervalMs={intervalMs} />
        ))}
      </TableBody>
    </Table>
  )
}

function WorkerRow({ worker, intervalMs }: { worker: WorkerReport; intervalMs: number }) {
  const { label, tone } = workerLook(worker)
  const { requests, crashes, connections, rssBytes } = worker
  const isKnown = requests !== undefined && intervalMs > 0
  return (
    <TableRow>
      <TableCell className="tnum">{worker.worker}</TableCell>
      <TableCell>
        <State tone={tone}>{label}</State>
      </TableCell>
      <TableCell className={figures}>{connections.toLocaleString('en-GB')}</TableCell>
      <TableCell className={figures}>{isKnown ? figure((requests * 1_000) / intervalMs) : '–'}</TableCell>
      <TableCell className={figures}>{rssBytes === 0 ? '–' : megabytes(rssBytes)}</TableCell>
      <TableCell className={figures}>
        <span className={crashes > 0 ? 'text-warn' : undefined}>{crashes}</span>
      </TableCell>
    </TableRow>
  )
}
