import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { inDays, now } from '#domain/testing/certificates.ts'
import { peer, seen } from '#domain/testing/peers.ts'
import { sound } from '#domain/testing/sound.ts'
import { describeTopology } from '#domain/topology.ts'
import { noFilter } from '#diagram/filter.ts'
import { modelOf } from '#diagram/model.ts'
import { actualText } from '#domain/context.ts'
import { readingFor } from '#domain/leg.ts'
import { expectedText, legTitle } from '#diagram/words.ts'
import { TopologyTable } from './topology-table.tsx'

const topology = describeTopology({ ...sound, observed: seen(peer({ lastSeenAt: inDays(0) })) }, now)
const model = modelOf(topology)

/** What a reader sees, without the marks of the markup. */
function table(fullLegs: boolean): string {
  const state = {
    ...noFilter,
    view: 'table' as const,
    fullLegs,
    selection: null,
    at: null,
    compare: null,
  }
  return renderToStaticMarkup(
    <TopologyTable model={model} state={state} choose={() => undefined} change={() => undefined} />,
  )
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&#x27;', "'")
    .replaceAll(/\s+/g, ' ')
}

describe('the table of the topology', () => {
  it('says at a glance how legs compare, what ends first, who was seen, and what is found', () => {
    const text = table(false)
    expect(text).toContain('as expected')
    expect(text).toMatch(/\d+ days left/)
    expect(text).toContain(peer().subject)
    expect(text).toContain('no traffic reported')
    expect(text).not.toContain('trusted through')
  })

  it('says in full of each leg what its panel says', () => {
    const text = table(true)
    for (const flow of topology.flows)
      for (const id of flow.legs) {
        const leg = model.legs.get(id)
        if (!leg) throw new Error('a leg that is not there')
        const { actual, verdict, proof } = readingFor(leg, flow.apiId)
        expect(verdict).toBe('as-expected')
        expect(text).toContain(
          `${legTitle(leg)} as expected expected ${expectedText(leg.expected)} actual ${actualText(actual)}`,
        )
        if (proof?.anchor) expect(text).toContain(`trusted through ${proof.anchor}`)
      }
  })
})
