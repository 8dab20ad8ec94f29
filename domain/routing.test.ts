import { expect, it } from 'vitest'
import { routing } from './routing.ts'

const faultsOf = (upstream: Record<string, unknown>) =>
  routing.safeParse({ upstream }).error?.issues.map(({ path, message }) => `${path.join('/')} ${message}`) ??
  []

it.each([
  [{ balancing: 'consistent-hash' }, []],
  [{ balancing: 'consistent-hash', hashOn: { by: 'address' } }, []],
  [{ balancing: 'consistent-hash', hashOn: { by: 'header', name: 'x-user' } }, []],
  [{ balancing: 'consistent-hash', hashOn: { by: 'claim', name: 'realm roles' } }, []],
  [{ hashOn: { by: 'address' } }, ['upstream/hashOn has a meaning with the balancing consistent-hash alone']],
  [
    { balancing: 'consistent-hash', hashOn: { by: 'header' } },
    ['upstream/hashOn/name must say which header'],
  ],
  [
    { balancing: 'consistent-hash', hashOn: { by: 'cookie', name: 'a b' } },
    ['upstream/hashOn/name is no name of a cookie'],
  ],
  [
    { balancing: 'consistent-hash', hashOn: { by: 'address', name: 'x' } },
    ['upstream/hashOn/name has no meaning for the address'],
  ],
])('an upstream with %j has the faults %j', (upstream, faults) => {
  expect(faultsOf(upstream)).toEqual(faults)
})
