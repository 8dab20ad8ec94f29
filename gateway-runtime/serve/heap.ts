import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'

const mebibyte = 1_048_576
const explicitLimit = /--max[-_]old[-_]space[-_]size=(\d+)/g
/** What V8 gives to old objects of all that it takes where it is not told: the young have 3 parts of 67. */
const oldShare = 64 / 67

/**
 * How large the heap may grow before V8 ends the process. Its own figure has the young objects on top, which is far
 * off where little was allowed by a flag.
 */
export function heapBytesMax(
  flags: string = [process.env['NODE_OPTIONS'] ?? '', ...process.execArgv].join(' '),
): number {
  const told = [...flags.matchAll(explicitLimit)].at(-1)?.[1]
  return told === undefined ? getHeapStatistics().heap_size_limit * oldShare : Number(told) * mebibyte
}

/** What of that is in use, with the garbage that is there at the moment. */
export function heapBytesUsed(): number {
  return getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !/^(?:new_|read_only)/.test(name))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0)
}
