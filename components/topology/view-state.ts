import { z } from 'zod'
import { severities } from '#domain/finding.ts'
import { useCases } from '#domain/pattern.ts'

/** What the address holds: how the topology is looked at, so that a link shows the same. */

const selectionKinds = ['flow', 'party', 'api', 'gateway', 'network', 'leg'] as const
export type SelectionKind = (typeof selectionKinds)[number]
export interface Selection {
  readonly kind: SelectionKind
  readonly id: string
}

const views = ['graph', 'table'] as const
export type View = (typeof views)[number]

export interface ViewState {
  /** Null is whatever suits the width of the screen. */
  readonly view: View | null
  readonly selection: Selection | null
  readonly useCase: (typeof useCases)[number] | null
  readonly severity: (typeof severities)[number] | null
}

const view = z.enum(views).nullable().catch(null)
const severity = z.enum(severities).nullable().catch(null)
const useCase = z.coerce.number().pipe(z.literal(useCases)).nullable().catch(null)
const kind = z.enum(selectionKinds)

/** Reads the address; what it does not understand is as if it were not there. */
export function readViewState(search: URLSearchParams): ViewState {
  return {
    view: view.parse(search.get('view')),
    selection: readSelection(search.get('select')),
    useCase: search.has('use-case') ? useCase.parse(search.get('use-case')) : null,
    severity: severity.parse(search.get('findings')),
  }
}

function readSelection(text: string | null): Selection | null {
  const colon = text?.indexOf(':') ?? -1
  if (text === null || colon < 0) return null
  const parsed = kind.safeParse(text.slice(0, colon))
  const id = text.slice(colon + 1)
  return parsed.success && id !== '' ? { kind: parsed.data, id } : null
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
