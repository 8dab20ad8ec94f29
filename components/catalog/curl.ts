import type { InstanceView, OperationView } from '#domain/catalog.ts'

/** A command that calls an API as it is exposed; `key` stands where the caller's key goes. */
export function curlLine(
  instance: Pick<InstanceView, 'endpointUrl' | 'keyPlace'>,
  operation: Pick<OperationView, 'method' | 'path'> | undefined,
  key = 'YOUR-KEY',
): string {
  const place = instance.keyPlace
  const shown = place?.prefix ? `${place.prefix} ${key}` : key
  const url = new URL(instance.endpointUrl + (operation?.path ?? '/'))
  const query =
    place?.in === 'query' ? `${url.search ? '&' : '?'}${place.key}=${encodeURIComponent(shown)}` : ''
  const method = operation && operation.method !== 'GET' ? [`-X ${operation.method}`] : []
  const header = place?.in === 'header' ? [`-H '${place.key}: ${shown}'`] : []
  const cookie = place?.in === 'cookie' ? [`-b '${place.key}=${shown}'`] : []
  // Decoded where the URL parser escaped the braces of {parameters}, which the reader fills in.
  const address = `${decodeURI(url.href)}${query}`
  return ['curl -i', ...method, ...header, ...cookie, `'${address}'`].join(' ')
}

/** The operation that is easiest to try: a GET without parameters, else any GET, else the first. */
export function operationToTry(operations: readonly OperationView[]): OperationView | undefined {
  const gets = operations.filter(({ method }) => method === 'GET')
  return gets.find(({ path }) => !path.includes('{')) ?? gets[0] ?? operations[0]
}
