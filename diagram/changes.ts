import type { TopologyComparison } from '#domain/topology-comparison.ts'
import type { LegChange } from '#domain/topology-difference.ts'
import type { Tone } from './tone.ts'

/** What changed between two moments, and how that is shown: never by colour alone, but by a word, a sign and a dash. */

interface ChangeSigns {
  readonly word: string
  /** Before the word where there is no room for an icon; a letter that every font of ours has. */
  readonly sign: string
  readonly tone: Tone
  readonly dash: string | undefined
}

export const changeSigns: Record<LegChange['kind'], ChangeSigns> = {
  added: { word: 'added', sign: '+', tone: 'ok', dash: undefined },
  removed: { word: 'removed', sign: '−', tone: 'err', dash: '3 5' },
  're-trusted': { word: 're-trusted', sign: '±', tone: 'busy', dash: '10 4' },
  'changed-ca': { word: 'other CA', sign: '≠', tone: 'warn', dash: '10 3 2 3' },
}

export const changeKinds = ['added', 'removed', 're-trusted', 'changed-ca'] as const

/** The one that is drawn where a leg changed in several ways. */
export function drawnChange(changes: readonly LegChange[] | undefined): LegChange | undefined {
  return changes?.toSorted((a, b) => changeKinds.indexOf(a.kind) - changeKinds.indexOf(b.kind))[0]
}

/** What is drawn of a comparison. */
export type Differences = Pick<TopologyComparison, 'difference' | 'things' | 'findings'>

export interface Changed {
  readonly legs: ReadonlyMap<string, readonly LegChange[]>
  /** Networks, parties, gateways and APIs that came or went. */
  readonly things: ReadonlyMap<string, 'added' | 'removed'>
}

/** What changed, by what is drawn; nothing where no moments are compared. */
export function changedIn(differences: Pick<Differences, 'difference' | 'things'> | null): Changed {
  const { added = [], removed = [] } = differences?.things ?? {}
  return {
    legs: Map.groupBy(differences?.difference.legs ?? [], ({ legId }) => legId),
    things: new Map([
      ...added.map((id) => [id, 'added'] as const),
      ...removed.map((id) => [id, 'removed'] as const),
    ]),
  }
}
