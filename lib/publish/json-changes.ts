/** A difference between two JSON values, at a path. */
export interface JsonChange {
  kind: 'added' | 'removed' | 'changed'
  path: readonly (string | number)[]
  before?: unknown
  after?: unknown
}

/** Every place where two JSON values differ, down to the leaves. Arrays are compared by position. */
export function jsonChanges(
  before: unknown,
  after: unknown,
  path: readonly (string | number)[] = [],
): JsonChange[] {
  if (before === undefined && after === undefined) return []
  if (before === undefined) return [{ kind: 'added', path, after }]
  if (after === undefined) return [{ kind: 'removed', path, before }]
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length)
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      jsonChanges(before[index], after[index], [...path, index]),
    )
  }
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
    return keys.flatMap((key) => jsonChanges(own(before, key), own(after, key), [...path, key]))
  }
  return Object.is(before, after) ? [] : [{ kind: 'changed', path, before, after }]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
