'use client'
import { FileUp } from 'lucide-react'
import { lazy, Suspense, useMemo, useRef, useState } from 'react'
import type { ImportSource } from '#domain/catalog.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { Tabs, TabsContent, TabsList, TabsTrigger } from '../ui/tabs.tsx'

// The editor is large and most documents come as files.
const CodeEditor = lazy(async () => ({ default: (await import('../ui/code-editor.tsx')).CodeEditor }))

interface Props {
  text: string
  setText: (text: string) => void
  onFile: (file: File) => void
  onSource: (source: ImportSource) => void
  isReading: boolean
  error: Error | null
  fileProblem: string | null
}

/** Where the document comes from: a file, an address, or the clipboard; and what is wrong with it. */
export function ImportSourceTabs({ error, fileProblem, ...props }: Props) {
  const [tab, setTab] = useState('file')
  const problem = error ? asProblem(error) : null
  const lines = useMemo(
    () => (error ? asProblem(error).faults.flatMap(({ line }) => line ?? []) : []),
    [error],
  )
  return (
    <Tabs value={tab} onValueChange={setTab}>
      <TabsList aria-label="Where the document comes from">
        <TabsTrigger value="file">File</TabsTrigger>
        <TabsTrigger value="address">Address</TabsTrigger>
        <TabsTrigger value="paste">Paste</TabsTrigger>
      </TabsList>
      <TabsContent value="file">
        <FromFile onFile={props.onFile} isReading={props.isReading} />
      </TabsContent>
      <TabsContent value="address">
        <FromAddress onSource={props.onSource} isReading={props.isReading} />
      </TabsContent>
      <TabsContent value="paste">
        <FromText {...props} faultLines={lines} />
      </TabsContent>
      {fileProblem && (
        <Notice tone="err" alert title="The file cannot be read" className="mt-4">
          {fileProblem}
        </Notice>
      )}
      {problem && <ProblemPanel problem={problem} className="mt-4" />}
      {lines.length > 0 && props.text !== '' && tab !== 'paste' && (
        <Button className="mt-2" onClick={() => setTab('paste')}>
          Show line {lines[0]} in the document
        </Button>
      )}
    </Tabs>
  )
}

function FromFile({ onFile, isReading }: Pick<Props, 'onFile' | 'isReading'>) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <div className="flex min-h-40 flex-col items-center justify-center gap-3 rounded-lg border border-dashed border-line-2 px-6 py-8 text-center">
      <FileUp aria-hidden className="size-5 text-ink-3" strokeWidth={1.5} />
      <p className="text-sm text-ink-2">Drop the document here, or</p>
      <input
        ref={input}
        type="file"
        accept=".yaml,.yml,.json,application/json,application/yaml"
        aria-label="OpenAPI document"
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => {
          const file = event.target.files?.[0]
          // The same file can be chosen again once it is mended.
          event.target.value = ''
          if (file) onFile(file)
        }}
      />
      <Button variant="primary" busy={isReading} onClick={() => input.current?.click()}>
        Choose a file
      </Button>
    </div>
  )
}

function FromAddress({ onSource, isReading }: Pick<Props, 'onSource' | 'isReading'>) {
  const [url, setUrl] = useState('')
  return (
    <form
      className="flex min-h-40 flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        onSource({ url: url.trim() })
      }}
    >
      <Field
        label="Address"
        description="The portal fetches it; your browser's sign-ins are not used."
        required
      >
        {(control) => (
          <Input
            {...control}
            type="url"
            placeholder="https://example.com/openapi.yaml"
            value={url}
            onChange={(event) => setUrl(event.target.value)}
          />
        )}
      </Field>
      <Button
        variant="primary"
        type="submit"
        className="self-end"
        busy={isReading}
        disabled={url.trim() === ''}
      >
        Read it
      </Button>
    </form>
  )
}

function FromText({
  text,
  setText,
  onSource,
  isReading,
  faultLines,
}: Omit<Props, 'error' | 'fileProblem' | 'onFile'> & { faultLines: readonly number[] }) {
  return (
    <div className="flex min-h-40 flex-col gap-3">
      <Suspense fallback={<Skeleton className="h-80 w-full" />}>
        <CodeEditor
          label="OpenAPI document"
          language={text.trimStart().startsWith('{') ? 'json' : 'yaml'}
          value={text}
          onChange={setText}
          faultLines={faultLines}
          height="20rem"
        />
      </Suspense>
      <Button
        variant="primary"
        className="self-end"
        busy={isReading}
        disabled={text.trim() === ''}
        onClick={() => onSource({ text })}
      >
        Read it
      </Button>
    </div>
  )
}
