import type { Change } from '#domain/deployment.ts'
import type { JsonChange } from './json-changes.ts'

/** A change of one member in words. */
export function told(change: JsonChange, pointer: string, title: string): Change {
  const { kind, before, after } = change
  const text =
    kind === 'added'
      ? `${title}: ${shown(after)}`
      : kind === 'removed'
        ? `${title}: ${shown(before)} is removed`
        : `${title}: ${shown(before)} → ${shown(after)}`
  return { kind, pointer, text, weakens: false, before, after }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'empty' : value
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const text = JSON.stringify(value) ?? ''
  return text.length > 120 ? `${text.slice(0, 117)}…` : text
}
