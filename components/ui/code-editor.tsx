'use client'
import { json } from '@codemirror/lang-json'
import { yaml } from '@codemirror/lang-yaml'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { tags } from '@lezer/highlight'
import CodeMirror, { EditorView } from '@uiw/react-codemirror'
import { useMemo } from 'react'
import { cn } from './class-names.ts'
import { faultLines as markLines } from './fault-lines.ts'

const theme = EditorView.theme({
  '&': { backgroundColor: 'var(--color-canvas)', color: 'var(--color-ink)', fontSize: '12px' },
  '.cm-content': { fontFamily: 'var(--font-mono)', caretColor: 'var(--color-ink)' },
  '.cm-gutters': {
    backgroundColor: 'var(--color-canvas)',
    color: 'var(--color-ink-3)',
    borderRight: '1px solid var(--color-line)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--color-ink)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--color-accent-soft) !important',
  },
})

const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--color-accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--color-ok)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--color-warn)' },
  { tag: tags.comment, color: 'var(--color-ink-3)' },
])

const languages = { yaml: yaml(), json: json() } as const
const extensionsOf = {
  yaml: [languages.yaml, theme, syntaxHighlighting(highlight), EditorView.lineWrapping],
  json: [languages.json, theme, syntaxHighlighting(highlight), EditorView.lineWrapping],
} as const

const none: readonly number[] = []

interface Props {
  value: string
  onChange?: (value: string) => void
  language: keyof typeof languages
  /** What is edited, for screen readers. */
  label: string
  readOnly?: boolean
  invalid?: boolean
  height?: string
  /** Lines, from 1, in which something is wrong. */
  faultLines?: readonly number[]
  className?: string
}

/** An editor for YAML and JSON in the colours of the product. Tab moves on; it does not indent. */
export function CodeEditor({
  value,
  onChange,
  language,
  label,
  readOnly = false,
  invalid,
  height,
  faultLines = none,
  className,
}: Props) {
  const extensions = useMemo(
    () => [
      ...extensionsOf[language],
      // The name belongs to the element that takes the text, not to the box around it.
      EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
      ...(faultLines.length > 0 ? markLines(faultLines) : []),
    ],
    [language, label, faultLines],
  )
  return (
    <div
      className={cn(
        'overflow-hidden rounded-md border border-line-2 focus-within:border-accent',
        invalid && 'border-err',
        className,
      )}
    >
      <CodeMirror
        value={value}
        {...(onChange ? { onChange } : {})}
        theme="none"
        extensions={extensions}
        readOnly={readOnly}
        indentWithTab={false}
        minHeight="120px"
        {...(height ? { height } : {})}
        basicSetup={{ foldGutter: false, highlightActiveLine: false, autocompletion: false }}
      />
    </div>
  )
}
