'use client'
import { useState } from 'react'
import { type Document, parseDocument, stringify } from 'yaml'
import { sameValue } from '#domain/chain.ts'
import { CodeEditor } from '../ui/code-editor.tsx'
import { isGroup } from './form-schema.ts'

interface Props {
  config: Record<string, unknown>
  onChange: (config: Record<string, unknown>) => void
  readOnly: boolean
}

/** A configuration as YAML, both ways: what parses goes into the draft at once, what does not is said here. */
export function YamlView({ config, onChange, readOnly }: Props) {
  const [written, setWritten] = useState<string | null>(null)
  const read = written === null ? null : readConfig(written)
  // The text stays as it was written for as long as it says what the draft says.
  const current =
    written !== null && (read?.config === null || sameValue(read?.config, config))
      ? written
      : stringify(config)
  const fault = current === written ? (read?.fault ?? null) : null
  return (
    <div className="flex flex-col gap-2">
      <CodeEditor
        label="Configuration as YAML"
        language="yaml"
        value={current}
        readOnly={readOnly}
        invalid={fault !== null}
        onChange={(text) => {
          setWritten(text)
          const parsed = readConfig(text).config
          if (parsed && !sameValue(parsed, config)) onChange(parsed)
        }}
      />
      {fault && (
        <p role="alert" className="text-xs text-err">
          {fault} The form keeps what was there before.
        </p>
      )}
    </div>
  )
}

// Aliases could make a small text huge, and a configuration has no use for them.
function plainValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch {
    return undefined
  }
}

/** A configuration from its text; the first line says what is wrong when it is none. */
export function readConfig(text: string): { config: Record<string, unknown> | null; fault: string | null } {
  const document = parseDocument(text, { prettyErrors: true })
  const error = document.errors[0]
  if (error) return { config: null, fault: `${error.message.split('\n')[0]}` }
  const value = plainValue(document)
  if (value === null) return { config: {}, fault: null }
  if (!isGroup(value)) return { config: null, fault: 'A configuration is a map of names to values.' }
  return { config: value, fault: null }
}
