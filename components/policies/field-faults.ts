export interface FieldFault {
  pointer: string
  detail: string
}

/** What is wrong exactly here. */
export function faultAt(faults: readonly FieldFault[], pointer: string): string | undefined {
  const here = faults.filter((fault) => fault.pointer === pointer).map(({ detail }) => detail)
  return here.length > 0 ? [...new Set(here)].join('; ') : undefined
}

/** How many faults lie here or further inside. */
export function countWithin(faults: readonly FieldFault[], pointer: string): number {
  return faults.filter((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`)).length
}
