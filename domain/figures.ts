/** A rate or a duration in as many digits as are read: 0, <0.1, 0.4, 12, 1,240. */
export function figure(value: number): string {
  if (value === 0) return '0'
  if (value < 0.1) return '<0.1'
  return value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString('en-GB')
}

/** How many requests come in a second. */
export function requestRate(perSecond: number): string {
  return `${figure(perSecond)} req/s`
}

/** How long something took. */
export function milliseconds(ms: number): string {
  return `${figure(ms)} ms`
}
