const units: [seconds: number, one: string, many: string][] = [
  [86_400, 'day', 'days'],
  [3_600, 'hour', 'hours'],
  [60, 'minute', 'minutes'],
]

/** A span of time in its largest unit: 6 minutes. */
export function spanInWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  for (const [size, one, many] of units) {
    const count = Math.floor(seconds / size)
    if (count > 0) return `${count} ${count === 1 ? one : many}`
  }
  return seconds === 1 ? '1 second' : `${seconds} seconds`
}

/** A time that runs down: 4:05, 1:04:05, 3 days. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds >= 2 * 86_400) return spanInWords(ms)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  const pad = (part: number) => String(part).padStart(2, '0')
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`
}

const megabyte = 1_048_576

/** Memory as people read it: 112 MB. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / megabyte).toLocaleString('en-GB')} MB`
}

/** One thing, or so many of them. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`
}
