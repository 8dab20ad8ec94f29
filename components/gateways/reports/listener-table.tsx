import type { ListenerReport } from '#domain/node-report.ts'
import { Mono } from '../../ui/code-line.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../../ui/table.tsx'
import { CodeWords } from './code-words.tsx'

const figures = 'text-right tnum'

/** Where a node listens, and how the TLS handshakes there ended. */
export function ListenerTable({
  caption,
  listeners,
}: {
  caption: string
  listeners: readonly ListenerReport[]
}) {
  return (
    <Table className="min-w-0 table-fixed sm:min-w-130">
      <caption className="sr-only">{caption}</caption>
      <TableHead>
        <tr>
          <TableHeader className="w-[37%] sm:w-[26%]">Listener</TableHeader>
          <TableHeader>Handshakes</TableHeader>
          <TableHeader className={`w-14 whitespace-normal sm:w-28 ${figures}`}>Last 5 s</TableHeader>
          <TableHeader className={`w-16 whitespace-normal sm:w-28 ${figures}`}>Since start</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {listeners.map((listener) => (
          <ListenerRows key={listener.id} listener={listener} />
        ))}
      </TableBody>
    </Table>
  )
}

type Counts = ListenerReport['handshakes'][string]

// Those that ended well first, then why the others did not, the most frequent reason first.
function inOrder({ handshakes }: ListenerReport): [string, Counts][] {
  return Object.entries(handshakes).toSorted(
    ([a, { total: totalA }], [b, { total: totalB }]) =>
      Number(b === 'ok') - Number(a === 'ok') || totalB - totalA || (a < b ? -1 : 1),
  )
}

function ListenerRows({ listener }: { listener: ListenerReport }) {
  const results = inOrder(listener)
  const [first, ...others] = results
  const rows = Math.max(1, results.length)
  return (
    <>
      <TableRow>
        <TableCell rowSpan={rows} className="align-top sm:whitespace-nowrap">
          <div className="font-medium">{listener.id}</div>
          <Mono className="break-words text-ink-3">
            {listener.protocol} {listener.address}:{listener.port}
          </Mono>
        </TableCell>
        {first ? (
          <Result result={first} />
        ) : (
          <TableCell colSpan={3} className="text-ink-3">
            {listener.protocol === 'http' ? 'Plain HTTP: there are none' : 'None since the node was started'}
          </TableCell>
        )}
      </TableRow>
      {others.map((result) => (
        <TableRow key={result[0]} className="border-t-0!">
          <Result result={result} />
        </TableRow>
      ))}
    </>
  )
}

function Result({ result: [code, { recent, total }] }: { result: [string, Counts] }) {
  const isBad = code !== 'ok'
  return (
    <>
      <TableCell>
        <CodeWords code={code} />
      </TableCell>
      <TableCell className={figures}>
        <span className={isBad && recent > 0 ? 'font-medium text-err' : undefined}>
          {recent.toLocaleString('en-GB')}
        </span>
      </TableCell>
      <TableCell className={figures}>{total.toLocaleString('en-GB')}</TableCell>
    </>
  )
}
