import { pointerOf, segmentsOf } from '#domain/json-pointer.ts'
import type { FieldFault } from './field-faults.ts'

/** What the server says is wrong with a chain, at the steps that it is about. */
export interface ServerFaults {
  /** By the ids of steps; pointers begin at their configurations. */
  byStep: ReadonlyMap<string, readonly FieldFault[]>
  elsewhere: readonly FieldFault[]
}

/**
 * Faults with pointers into a chain that was sent (`/policies/0/config/…`) or into the item of an API
 * (`/items/api:…/policies/0/config/…`), where `stepIds` has the steps in the order of that list.
 */
export function faultsBySteps(
  faults: readonly FieldFault[],
  list: '/policies' | `/items/${string}/policies`,
  stepIds: readonly string[],
): ServerFaults {
  const byStep = new Map<string, FieldFault[]>()
  const elsewhere: FieldFault[] = []
  for (const fault of faults) {
    const [index = '', member, ...inside] = segmentsOf(insideOf(fault.pointer, list))
    const id = stepIds[Number(index)]
    if (index === '' || id === undefined) elsewhere.push(fault)
    else {
      const pointer = member === 'config' ? pointerOf(inside) : ''
      byStep.set(id, [...(byStep.get(id) ?? []), { pointer, detail: fault.detail }])
    }
  }
  return { byStep, elsewhere }
}

function insideOf(pointer: string, list: string): string {
  return pointer.startsWith(`${list}/`) ? pointer.slice(list.length) : ''
}
