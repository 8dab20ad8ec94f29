import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { type Json } from './json.ts'
import { limits } from './limits.ts'

/** Finds values that JSON or a database cannot carry unchanged, and names that could pass for a prototype. */
export function valueFaults(root: Json): Fault[] {
  const faults: Fault[] = []
  const path: (string | number)[] = []
  const add = (detail: string) => {
    if (faults.length < limits.faultsMax) faults.push({ pointer: pointerOf(path), detail })
  }
  const visit = (value: Json): void => {
    if (typeof value === 'string') checkText(value, add)
    else if (typeof value === 'number' && !Number.isFinite(value)) add('This number is out of range.')
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const [index, member] of value.entries()) {
        path.push(index)
        visit(member)
        path.pop()
      }
      return
    }
    for (const key of Object.keys(value)) {
      path.push(key)
      if (key === '__proto__') add('“__proto__” is not taken as a name.')
      else checkText(key, add)
      visit(value[key] ?? null)
      path.pop()
    }
  }
  visit(root)
  return faults
}

function checkText(text: string, add: (detail: string) => void): void {
  if (text.includes('\0')) add('This text contains a NUL character.')
  else if (!text.isWellFormed()) add('This text contains half of a surrogate pair.')
}
