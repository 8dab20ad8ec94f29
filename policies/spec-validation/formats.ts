/** The formats of JSON Schema and OpenAPI that are checked. Each is linear in a length that is bounded. */

const lengthMax = 2_048

function matching(pattern: RegExp): (text: string) => boolean {
  return (text) => text.length <= lengthMax && pattern.test(text)
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  if (match === null) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const date = new Date(Date.UTC(2000, month - 1, day))
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

const time = /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,20})?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i

function isIpv6(text: string): boolean {
  return text.length <= 45 && /^[\da-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`)
}

export const formats = {
  date: isDate,
  time: matching(time),
  // RFC 3339 §5.6
  'date-time': (text: string) =>
    /^.{10}[t ]/i.test(text) && isDate(text.slice(0, 10)) && time.test(text.slice(11)),
  uuid: matching(/^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i),
  email: matching(/^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)*$/),
  ipv4: matching(/^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/),
  ipv6: isIpv6,
  hostname: matching(/^[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*$/i),
  uri: (text: string) => text.length <= lengthMax && /^[a-z][a-z\d+.-]*:/i.test(text) && URL.canParse(text),
  byte: (text: string) => text.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(text),
  int32: { type: 'number', validate: (n: number) => Number.isInteger(n) && n >= -(2 ** 31) && n < 2 ** 31 },
  int64: { type: 'number', validate: Number.isInteger },
  float: { type: 'number', validate: Number.isFinite },
  double: { type: 'number', validate: Number.isFinite },
} as const
