/** Reading and cutting a query string without changing the parts that stay. */

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function nameOf(pair: string): string | undefined {
  const equals = pair.indexOf('=')
  return decoded(equals === -1 ? pair : pair.slice(0, equals))
}

/** The names of all parameters, decoded; a name that does not decode is left out. */
export function queryNames(query: string): string[] {
  const names = query
    .slice(1)
    .split('&')
    .flatMap((pair) => (pair === '' ? [] : (nameOf(pair) ?? [])))
  return [...new Set(names)]
}

/** Every value of a parameter, decoded, in order; a value that does not decode is kept as it stands. */
export function queryValues(query: string, name: string): string[] {
  const values: string[] = []
  if (query.length < 2) return values
  for (const pair of query.slice(1).split('&')) {
    if (nameOf(pair) !== name) continue
    const equals = pair.indexOf('=')
    const raw = equals === -1 ? '' : pair.slice(equals + 1)
    values.push(decoded(raw) ?? raw)
  }
  return values
}

/** The query without a parameter, however its name is spelt; the other pairs stay byte for byte. */
export function withoutParameter(query: string, name: string): string {
  if (query.length < 2) return query
  const kept = query
    .slice(1)
    .split('&')
    .filter((pair) => nameOf(pair) !== name)
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}
