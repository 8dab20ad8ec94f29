import { z } from 'zod'
import { owners } from '#domain/party.ts'
import { readSelection, type Selection } from '#diagram/highlight.ts'
import { expiringDays, type FlowFilter, flowShows, severityWord, useCaseNumber } from '#diagram/filter.ts'
import { readWhen, type When, writeWhen } from './history/when.ts'

/** What the address holds: how the topology is looked at, so that a link shows the same. */

const views = ['graph', 'table'] as const
export type View = (typeof views)[number]

export interface ViewState extends FlowFilter, When {
  /** Null is whatever suits the width of the screen. */
  readonly view: View | null
  /** Whether the table shows every leg in full. */
  readonly fullLegs: boolean
  readonly selection: Selection | null
}

const view = z.enum(views).nullable().catch(null)
const severity = severityWord.nullable().catch(null)
const owner = z.enum(owners).nullable().catch(null)
const show = z.enum(flowShows).nullable().catch(null)
const useCase = useCaseNumber.nullable().catch(null)
const expiring = z.coerce.number().pipe(z.literal(expiringDays)).nullable().catch(null)

/** Reads the address; what it does not understand is as if it were not there. */
export function readViewState(search: URLSearchParams): ViewState {
  const focus = readSelection(search.get('focus') ?? '')
  return {
    view: view.parse(search.get('view')),
    fullLegs: search.get('legs') === 'full',
    selection: readSelection(search.get('select') ?? ''),
    useCase: search.has('use-case') ? useCase.parse(search.get('use-case')) : null,
    severity: severity.parse(search.get('findings')),
    environment: search.get('env') || null,
    owner: owner.parse(search.get('owner')),
    team: search.get('team') || null,
    expiring: search.has('expiring') ? expiring.parse(search.get('expiring')) : null,
    show: show.parse(search.get('show')),
    focus: focus?.kind === 'api' ? focus.id : null,
    search: search.get('q') ?? '',
    ...readWhen(search),
  }
}

/** The address for a state, without a `?` when everything is as it comes. */
export function writeViewState(state: ViewState): string {
  const search = new URLSearchParams()
  writeWhen(state, search)
  const members = {
    view: state.view,
    legs: state.fullLegs ? 'full' : null,
    'use-case': state.useCase,
    findings: state.severity,
    env: state.environment,
    owner: state.owner,
    team: state.team,
    expiring: state.expiring,
    show: state.show,
    focus: state.focus && `api:${state.focus}`,
    q: state.search,
    select: state.selection && `${state.selection.kind}:${state.selection.id}`,
  }
  for (const [name, value] of Object.entries(members)) if (value) search.set(name, String(value))
  return search.size > 0 ? `?${search}` : ''
}
