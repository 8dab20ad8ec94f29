import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('results.json', import.meta.url)

/** Puts the newest results of one benchmark beside those of the others. */
export function keep(name: string, results: Record<string, unknown>): void {
  writeFileSync(file, `${JSON.stringify({ ...earlier(), [name]: results }, null, 2)}\n`)
}

function earlier(): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}
