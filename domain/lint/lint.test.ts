import { describe, expect, it } from 'vitest'
import { findingCodes, safeFixIn } from '../finding.ts'
import { peer } from '../testing/peers.ts'
import { sound } from '../testing/sound.ts'
import type { FindingView } from '../topology.ts'
import { certificateRows } from './testing/certificate-rows.ts'
import { contextRows } from './testing/context-rows.ts'
import { judged, seeing } from './testing/findings.ts'
import { legRows } from './testing/leg-rows.ts'
import { listenerRows } from './testing/listener-rows.ts'
import {
  admitAll,
  among,
  denyAll,
  edgeEgress,
  ordersLetsIn,
  toKeys,
  toNames,
  toUpstream,
} from './testing/network-policies.ts'
import { networkPolicyRows } from './testing/network-policy-rows.ts'
import { observedRows } from './testing/observed-rows.ts'
import type { Row } from './testing/row.ts'

/** Every row of the lint table. */
const table: readonly Row[] = [
  ...legRows,
  ...contextRows,
  ...certificateRows,
  ...listenerRows,
  ...networkPolicyRows,
  ...observedRows,
]

function shown({ about, fix }: FindingView) {
  return {
    about: `${about.kind}:${about.id}`,
    fix: `${fix.kind} ${fix.target.kind}:${fix.target.id}${fix.isSafe ? ' safe' : ''}`,
  }
}

describe('the lint table', () => {
  it('says nothing against a topology in which all is as it should be', () => {
    expect(judged(sound)).toEqual([])
    const all = among(denyAll, admitAll, ordersLetsIn, edgeEgress(toUpstream, toNames('TCP', 'UDP'), toKeys))
    expect(judged(all)).toEqual([])
    expect(judged(seeing(peer()))).toEqual([])
  })

  for (const row of table) {
    it(`${row.code} is ${row.severity === 'error' ? 'an' : 'a'} ${row.severity} when ${row.when}`, () => {
      const findings = judged(row.stored).filter(({ code }) => code === row.code)
      const finding = findings.find((each) => shown(each).about === row.about)
      expect(finding, findings.map(({ id }) => id).join('\n')).toMatchObject({
        severity: row.severity,
        accepted: null,
        ...(row.legs ? { legIds: row.legs } : {}),
        ...(row.flows ? { flowIds: row.flows } : {}),
      })
      expect(finding?.why).toContain(row.why)
      expect(finding && shown(finding).fix).toBe(row.fix)
    })
  }

  it('calls nothing safe that one click cannot do', () => {
    const safe = table.flatMap(({ stored }) => judged(stored)).filter(({ fix }) => fix.isSafe)
    expect(safe.length).toBeGreaterThan(1)
    expect(safe.filter(({ fix }) => safeFixIn(fix) === null)).toEqual([])
  })

  it('has a row for every code', () => {
    expect([...new Set(table.map(({ code }) => code))].toSorted()).toEqual([...findingCodes].toSorted())
  })

  it('says each fault once and under one name', () => {
    for (const { stored } of table) {
      const ids = judged(stored).map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
    }
  })
})
