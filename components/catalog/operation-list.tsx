'use client'
import { Lock } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { OperationView } from '#domain/catalog.ts'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/class-names.ts'
import { NoMatch, NoneYet } from '../ui/empty-state.tsx'
import { Input } from '../ui/input.tsx'

// Some documents describe ten thousand operations; a page of them is drawn at a time.
const pageSize = 200

const methodTone: Record<string, string> = {
  GET: 'text-accent',
  POST: 'text-ok',
  PUT: 'text-warn',
  PATCH: 'text-warn',
  DELETE: 'text-err',
}

/** The operations of an API by their tags, with a filter. `children` draws what belongs under one. */
export function OperationList({
  operations,
  children,
}: {
  operations: readonly OperationView[]
  children?: (operation: OperationView) => React.ReactNode
}) {
  const [filter, setFilter] = useState('')
  const [shown, setShown] = useState(pageSize)
  const matching = useMemo(
    () => operations.filter((operation) => fits(operation, filter)),
    [operations, filter],
  )
  if (operations.length === 0) {
    return <NoneYet title="No operations">The document describes none.</NoneYet>
  }
  const groups = Map.groupBy(matching.slice(0, shown), ({ tags }) => tags[0] ?? '')
  return (
    <div className="flex flex-col gap-3">
      {operations.length > 8 && (
        <div className="flex items-center gap-3">
          <Input
            type="search"
            aria-label="Filter operations"
            placeholder="Filter by path, method, summary or tag"
            className="max-w-80"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
          <span className="text-xs whitespace-nowrap text-ink-3 tnum" role="status">
            {matching.length} of {operations.length}
          </span>
        </div>
      )}
      {matching.length === 0 && (
        <NoMatch
          title="No operation matches"
          action={<Button onClick={() => setFilter('')}>Clear the filter</Button>}
        />
      )}
      {[...groups].map(([tag, group]) => (
        <section key={tag} aria-label={tag || 'Operations'}>
          {tag && <h2 className="mb-1.5 text-xs font-medium text-ink-3">{tag}</h2>}
          <ul className="overflow-hidden rounded-lg border border-line bg-panel">
            {group.map((operation) => (
              <OperationRow key={`${operation.method} ${operation.path}`} operation={operation}>
                {children?.(operation)}
              </OperationRow>
            ))}
          </ul>
        </section>
      ))}
      {matching.length > shown && (
        <Button className="self-center" onClick={() => setShown(shown + pageSize)}>
          Show {Math.min(pageSize, matching.length - shown)} more
        </Button>
      )}
    </div>
  )
}

function OperationRow({ operation, children }: { operation: OperationView; children?: React.ReactNode }) {
  const { method, path, summary, deprecated, security } = operation
  const schemes = [...new Set(security.flat())]
  return (
    <li className="border-line px-3 py-2 not-first:border-t">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
        <span
          className={cn('w-14 shrink-0 font-mono text-xs font-semibold', methodTone[method] ?? 'text-ink-2')}
        >
          {method}
        </span>
        <span className={cn('min-w-0 font-mono text-xs break-all', deprecated && 'text-ink-3 line-through')}>
          {path}
        </span>
        {deprecated && <span className="text-xs text-warn">deprecated</span>}
        <span className="min-w-40 flex-1 truncate text-sm text-ink-2">{summary}</span>
        {schemes.length > 0 && (
          <span className="inline-flex items-center gap-1 text-xs text-ink-3">
            <Lock aria-hidden className="size-3" />
            {schemes.join(', ')}
          </span>
        )}
      </div>
      {children}
    </li>
  )
}

function fits({ method, path, summary, operationId, tags }: OperationView, filter: string): boolean {
  const wanted = filter.trim().toLowerCase()
  if (wanted === '') return true
  return [method, path, summary, operationId ?? '', ...tags].some((text) =>
    text.toLowerCase().includes(wanted),
  )
}
