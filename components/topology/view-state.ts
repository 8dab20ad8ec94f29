import { z } from 'zod'
import { readSelection, type Selection } from '#diagram/highlight.ts'
import { type FlowFilter, severityWord, useCaseNumber } from '#diagram/filter.ts'

/** What the address holds: how the topology is looked at, so that a link shows the same. */

const views = ['graph', 'table'] as const
export type View = (typeof views)[number]

export interface ViewState extends FlowFilter {
  /** Null is whatever suits the width of the screen. */
  readonly view: View | null
  readonly selection: Selection | null
}

const view = z.enum(views).nullable().catch(null)
const severity = severityWord.nullable().catch(null)
const useCase = useCaseNumber.nullable().catch(null)

/** Reads the address; what it does not understand is as if it were not there. */
export function readViewState(search: URLSearchParams): ViewState {
  return {
    view: view.parse(search.get('view')),
    selection: readSelection(search.get('select') ?? ''),
    useCase: search.has('use-case') ? useCase.parse(search.get('use-case')) : null,
    severity: severity.parse(search.get('findings')),
  }
}

/** The address for a state, without a `?` when everything is as it comes. */
export function writeViewState(state: ViewState): string {
  const search = new URLSearchParams()
  if (state.view) search.set('view', state.view)
  if (state.useCase) search.set('use-case', String(state.useCase))
  if (state.severity) search.set('findings', state.severity)
  if (state.selection) search.set('select', `${state.selection.kind}:${state.selection.id}`)
  return search.size > 0 ? `?${search}` : ''
}
