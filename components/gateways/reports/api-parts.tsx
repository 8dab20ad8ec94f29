import type { ReactNode } from 'react'
import type { ApiReport } from '#domain/node-report.ts'
import { Mono } from '../../ui/code-line.tsx'
import { figure } from '#domain/figures.ts'
import { counted } from './spans.ts'

interface Props {
  api: ApiReport
  intervalMs: number
}

/** Whether a node says more of an API than its sums. */
export function hasParts({ operations = {}, policies = {} }: ApiReport): boolean {
  return Object.keys(operations).length + Object.keys(policies).length > 0
}

// By name: by load they would change places under the reader.
const inOrder = <T,>(parts: Readonly<Record<string, T>>) =>
  Object.entries(parts).toSorted(([a], [b]) => (a < b ? -1 : 1))

/** What an API's traffic is made of: the operations that are called, and what its policies did with the calls. */
export function ApiParts({ api: { operations = {}, policies = {} }, intervalMs }: Props) {
  const perSecond = (count: number) => figure(intervalMs > 0 ? (count * 1_000) / intervalMs : 0)
  return (
    <div className="grid gap-x-8 gap-y-3 pb-1 pl-7 md:grid-cols-2">
      <Part title="Operations, last 5 seconds" isEmpty={Object.keys(operations).length === 0}>
        {inOrder(operations).map(([name, { requests, errors, latencyMs }]) => (
          <Line key={name} name={name === '' ? 'no operation of the document' : name}>
            {perSecond(requests)} req/s
            {errors > 0 && <span className="text-err">, {perSecond(errors)} errors/s</span>}
            {latencyMs && `, p95 ${figure(latencyMs.p95)} ms`}
          </Line>
        ))}
      </Part>
      <Part title="Policies, last 5 seconds" isEmpty={Object.keys(policies).length === 0}>
        {Object.entries(policies).map(([id, { kind, answered, dryRefused, failed, latencyMs }]) => (
          <Line key={id} name={kind}>
            answered {answered.toLocaleString('en-GB')}
            {dryRefused > 0 && `, would have refused ${dryRefused.toLocaleString('en-GB')}`}
            {failed > 0 && <span className="text-err">, failed {counted(failed, 'time')}</span>}
            {latencyMs && `, took ${figure(latencyMs.p95)} ms at p95`}
          </Line>
        ))}
      </Part>
    </div>
  )
}

function Part({ title, isEmpty, children }: { title: string; isEmpty: boolean; children: ReactNode }) {
  return (
    <div>
      <div className="mb-1 text-xs font-medium text-ink-3">{title}</div>
      {isEmpty ? (
        <p className="text-xs text-ink-3">none</p>
      ) : (
        <dl className="grid grid-cols-[minmax(0,auto)_1fr] gap-x-4 gap-y-0.5 text-xs">{children}</dl>
      )}
    </div>
  )
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="min-w-0">
        <Mono className="break-all">{name}</Mono>
      </dt>
      <dd className="text-ink-2 tnum">{children}</dd>
    </>
  )
}
