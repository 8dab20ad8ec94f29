/**
 * Where a normal path goes at the upstream: without the route's base path where that is stripped, behind the
 * base path of the upstream's address. Both base paths end without a slash; the root is empty.
 */
export function destinationPath(path: string, strippedBase: string, upstreamBase: string): string {
  const rest = strippedBase === '' ? path : path.slice(strippedBase.length)
  const destination = upstreamBase + rest
  return destination === '' ? '/' : destination
}
