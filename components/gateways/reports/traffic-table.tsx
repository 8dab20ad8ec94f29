'use client'
import { ChevronRight } from 'lucide-react'
import { useId, useState } from 'react'
import { type ApiReport, ratesOf } from '#domain/node-report.ts'
import { Button } from '../../ui/button.tsx'
import { cn } from '../../ui/class-names.ts'
import { figure } from '#domain/figures.ts'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../../ui/table.tsx'
import { ApiName, type ApiNames } from './api-name.tsx'
import { ApiParts, hasParts } from './api-parts.tsx'
import { CodeWords } from './code-words.tsx'

const figures = 'text-right whitespace-nowrap tnum'
/** Where what was since the start begins. */
const second = 'border-l border-line'
const columns = 9
const codesShown = 4

interface Props {
  caption: string
  apis: Readonly<Record<string, ApiReport>>
  names: ApiNames
  intervalMs: number
}

/** What passes through a node by API: now, and since the node serves it. */
export function TrafficTable({ caption, apis, names, intervalMs }: Props) {
  // Every API of the gateway in one order, called or not: a row that comes and goes moves what is read.
  const ids = [...names.keys(), ...Object.keys(apis).filter((id) => !names.has(id))]
  return (
    <Table className="min-w-280 table-fixed">
      <caption className="sr-only">{caption}</caption>
      <Columns />
      <TableHead>
        <tr>
          <TableHeader rowSpan={2} className="pb-2.25 align-bottom">
            API
          </TableHeader>
          <TableHeader colSpan={4} scope="colgroup" className="h-6 pt-2 text-right">
            Last 5 seconds
          </TableHeader>
          <TableHeader colSpan={4} scope="colgroup" className={cn('h-6 pt-2', second)}>
            Since the node serves it
          </TableHeader>
        </tr>
        <tr>
          <TableHeader className={figures}>Requests/s</TableHeader>
          <TableHeader className={figures}>Errors/s</TableHeader>
          <TableHeader className={figures}>Refused/s</TableHeader>
          <TableHeader className={figures}>p50 / p95 / p99</TableHeader>
          <TableHeader className={cn(figures, second)}>Requests</TableHeader>
          <TableHeader className={figures}>Errors</TableHeader>
          <TableHeader className={figures}>p50 / p95 / p99</TableHeader>
          <TableHeader>Answered by the gateway</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {ids.map((id) => (
          <ApiRows key={id} id={id} api={apis[id]} names={names} intervalMs={intervalMs} />
        ))}
      </TableBody>
    </Table>
  )
}

/** Widths of their own, so that figures that grow move nothing. */
function Columns() {
  return (
    <colgroup>
      <col className="w-[17%]" />
      <col className="w-[8%]" />
      <col className="w-[7%]" />
      <col className="w-[8%]" />
      <col className="w-[14%]" />
      <col className="w-[8%]" />
      <col className="w-[7%]" />
      <col className="w-[14%]" />
      <col />
    </colgroup>
  )
}

interface RowsProps extends Pick<Props, 'names' | 'intervalMs'> {
  id: string
  api: ApiReport | undefined
}

function ApiRows({ id, api, names, intervalMs }: RowsProps) {
  const [open, setOpen] = useState(false)
  const partsId = useId()
  const title = names.get(id)?.title ?? 'an API that was removed'
  return (
    <>
      <TableRow>
        <TableCell>
          <div className="flex items-start gap-1">
            <Button
              variant="ghost"
              size="icon-sm"
              // Always there, so that a first call moves nothing.
              disabled={!api || !hasParts(api)}
              aria-expanded={open}
              aria-controls={partsId}
              aria-label={`Operations and policies of ${title}`}
              className="-ml-1.5 size-5"
              onClick={() => setOpen(!open)}
            >
              <ChevronRight aria-hidden className={cn('transition-transform', open && 'rotate-90')} />
            </Button>
            <div className="min-w-0">
              <ApiName id={id} names={names} />
            </div>
          </div>
        </TableCell>
        <Recent api={api} intervalMs={intervalMs} />
        <Total total={api?.total} />
      </TableRow>
      {open && api && (
        <TableRow id={partsId} className="border-t-0!">
          <TableCell colSpan={columns}>
            <ApiParts api={api} intervalMs={intervalMs} />
          </TableCell>
        </TableRow>
      )}
    </>
  )
}

const quiet = { requests: 0, errors: 0, refused: 0 }

function Recent({ api, intervalMs }: Pick<RowsProps, 'api' | 'intervalMs'>) {
  const rates = ratesOf(api ?? quiet, intervalMs)
  return (
    <>
      <TableCell className={figures}>{figure(rates.requestsPerSecond)}</TableCell>
      <TableCell className={figures}>
        <Bad count={rates.errorsPerSecond}>{figure(rates.errorsPerSecond)}</Bad>
      </TableCell>
      <TableCell className={figures}>{figure(rates.refusedPerSecond)}</TableCell>
      <TableCell className={figures}>{latencies(api?.latencyMs)}</TableCell>
    </>
  )
}

function Total({ total }: { total: ApiReport['total'] }) {
  const { requests, errors } = total ?? quiet
  const codes = Object.entries(total?.codes ?? {})
  return (
    <>
      <TableCell className={cn(figures, second)}>{requests.toLocaleString('en-GB')}</TableCell>
      <TableCell className={figures}>
        <Bad count={errors}>{errors.toLocaleString('en-GB')}</Bad>
      </TableCell>
      <TableCell className={figures}>{latencies(total?.latencyMs ?? undefined)}</TableCell>
      <TableCell>
        <ul className="max-w-96 text-xs text-ink-2">
          {codes.slice(0, codesShown).map(([code, count]) => (
            <li key={code}>
              <span className="tnum">{count.toLocaleString('en-GB')} ×</span> <CodeWords code={code} />
            </li>
          ))}
          {codes.length > codesShown && (
            <li className="text-ink-3">{codes.length - codesShown} other codes</li>
          )}
        </ul>
      </TableCell>
    </>
  )
}

function Bad({ count, children }: { count: number; children: string }) {
  return <span className={count > 0 ? 'text-err' : undefined}>{children}</span>
}

type Latencies = NonNullable<ApiReport['latencyMs']>

function latencies(latencyMs: Latencies | undefined): string {
  if (!latencyMs) return '–'
  const { p50, p95, p99 } = latencyMs
  return `${figure(p50)} / ${figure(p95)} / ${figure(p99)} ms`
}
