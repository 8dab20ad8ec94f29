/** A rate with as many digits as say something: 0, 0.4, 12, 1,240. */
export function rate(perSecond: number): string {
  if (perSecond >= 10) return Math.round(perSecond).toLocaleString('en')
  return perSecond.toLocaleString('en', { maximumFractionDigits: 1 })
}
