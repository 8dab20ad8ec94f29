import { describe, expect, it } from 'vitest'
import type { EndpointReport } from './node-report.ts'
import { endpointStateOf, isInTrouble, upstreamStateOf } from './upstream-state.ts'

const endpoint = (unhealthyIn: number, ejectedIn: number): EndpointReport => ({
  url: 'http://a',
  connections: 0,
  pools: 2,
  unhealthyIn,
  ejectedIn,
})
const healthChecks = { succeeded: 1, failed: 0 }

function upstream(...endpointList: EndpointReport[]) {
  return {
    endpoints: endpointList.length,
    unhealthyEndpoints: endpointList.filter(({ unhealthyIn }) => unhealthyIn > 0).length,
    ejectedEndpoints: endpointList.filter(({ ejectedIn }) => ejectedIn > 0).length,
    endpointList,
    healthChecks,
  }
}

describe('the state of an upstream', () => {
  it.each([
    ['down', 'every endpoint is out in every process', upstream(endpoint(2, 0), endpoint(1, 1))],
    ['partly', 'one of them is in somewhere', upstream(endpoint(2, 0), endpoint(1, 0))],
    ['partly', 'one of them is well', upstream(endpoint(0, 2), endpoint(0, 0))],
    ['healthy', 'checks find nothing', upstream(endpoint(0, 0))],
  ])('is %s when %s', (state, _, given) => {
    expect(upstreamStateOf(given)).toBe(state)
  })

  it('is not called healthy where nobody asks', () => {
    const { healthChecks: _, ...unasked } = upstream(endpoint(0, 0))
    expect(upstreamStateOf(unasked)).toBe('unchecked')
    expect(endpointStateOf(endpoint(0, 0), unasked)).toBe('unchecked')
  })

  it('is told by the counts of a node that does not name endpoints', () => {
    const counts = { endpoints: 2, ejectedEndpoints: 0 }
    expect(upstreamStateOf({ ...counts, unhealthyEndpoints: 2 })).toBe('down')
    expect(upstreamStateOf({ ...counts, unhealthyEndpoints: 1 })).toBe('partly')
  })

  it('needs somebody when anything is out', () => {
    expect((['down', 'partly', 'healthy', 'unchecked'] as const).map(isInTrouble)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})

it('an endpoint is unhealthy before it is ejected', () => {
  const states = [endpoint(1, 1), endpoint(0, 1), endpoint(0, 0)]
  expect(states.map((one) => endpointStateOf(one, upstream(one)))).toEqual([
    'unhealthy',
    'ejected',
    'healthy',
  ])
})
