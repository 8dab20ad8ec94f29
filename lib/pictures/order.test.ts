import Elk from 'elkjs/lib/elk.bundled.js'
import { describe, expect, it } from 'vitest'
import { madeUp } from '#domain/testing/made-up.ts'
import { drawIn, layOut, unordered } from '#diagram/layout/layout.ts'
import { heightsOf } from './order.ts'

const limits = { deadlineMs: 30_000, heapMegabytesMax: 256 }

describe('the order that is sent with a map', () => {
  it('draws what a browser would draw by itself', async () => {
    const topology = madeUp(6, { parties: 30, flows: 50, gateways: 2 })
    const heights = await heightsOf(topology, limits)
    if (!heights) throw new Error('no order')
    expect(drawIn(unordered(topology), heights)).toEqual(await layOut(new Elk(), topology))
  })

  it('is found once for all that are ordered alike: new figures and things moved by hand need no other', async () => {
    const topology = madeUp(7, { parties: 20, flows: 30 })
    const first = heightsOf(topology, limits)
    const [network] = topology.networks
    const moved = { ...topology, arrangement: { [`network:${network?.id}`]: 3 }, at: '2030-01-01T00:00:00Z' }
    expect(heightsOf(moved, limits)).toBe(first)
    const [, ...flows] = topology.flows
    const legs = topology.legs.slice(1)
    expect(heightsOf({ ...topology, flows, legs }, limits)).not.toBe(first)
    await first
  })

  it('is none where it takes too long, and is looked for again', async () => {
    const topology = madeUp(8, { parties: 60, flows: 200 })
    expect(await heightsOf(topology, { ...limits, deadlineMs: 1 })).toBeNull()
    expect(await heightsOf(topology, limits)).not.toBeNull()
  })
})
