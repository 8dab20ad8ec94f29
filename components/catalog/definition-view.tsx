'use client'
import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { lazy, Suspense, useMemo } from 'react'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { keep } from '../ui/keep-file.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { apiQueries } from './queries.ts'

const CodeEditor = lazy(async () => ({ default: (await import('../ui/code-editor.tsx')).CodeEditor }))

// An editor that holds more than this makes a browser stutter; the file can be downloaded whole.
const shownMax = 2_000_000

/** The document of a version, to read, copy and download. */
export function DefinitionView({
  apiId,
  versionId,
  name,
}: {
  apiId: string
  versionId: string
  name: string
}) {
  const { data, error, refetch } = useQuery(apiQueries.definition(apiId, versionId))
  const text = useMemo(() => (data === undefined ? '' : JSON.stringify(JSON.parse(data), null, 2)), [data])
  if (error) return <ProblemPanel problem={asProblem(error)} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton className="h-96 w-full" />
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center justify-end gap-2">
        <CopyButton text={text} label="Copy the document" withText />
        <Button onClick={() => keep(new Blob([text], { type: 'application/json' }), `${name}.json`)}>
          <Download aria-hidden />
          Download
        </Button>
      </div>
      {text.length > shownMax ? (
        <Notice tone="info" title="Too long to show here">
          It has {text.length.toLocaleString('en')} characters. Copy or download it instead.
        </Notice>
      ) : (
        <Suspense fallback={<Skeleton className="h-96 w-full" />}>
          <CodeEditor label={`Definition of ${name}`} language="json" value={text} readOnly height="34rem" />
        </Suspense>
      )}
    </div>
  )
}
