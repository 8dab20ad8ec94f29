import { severities } from '#domain/finding.ts'
import { ascending, count, listed } from '#domain/listing.ts'
import { ownerName } from '#domain/party.ts'
import { type FlowFilter, isFiltered, passes } from '../filter.ts'
import type { Selection } from '../highlight.ts'
import { severityLook, showLabel } from '../looks.ts'
import { isOpen, type Model } from '../model.ts'
import { flowTitle } from '../words.ts'
import { type Palette, severityInk } from './palette.ts'
import type { Mark } from './scene.ts'
import { widthOf, write } from './text.ts'

/** What a picture is of: whose topology, which part of it, at which revisions, and when. */

export const headerHeight = 76

export interface Subject extends FlowFilter {
  readonly organisation: string
  readonly selection: Selection | null
  /** What it is of, in words; null for what is now. */
  readonly moment: string | null
}

export function titleOf({ organisation }: Subject): string {
  return `Topology of ${organisation}`
}

/** Which flows stand out, where the gateways stand and what they serve. */
export function subtitleOf(model: Model, subject: Subject): string {
  const { gateways } = model.topology
  const environments = new Set(gateways.map(({ environment }) => environment))
  return [
    ...(subject.moment === null ? [] : [subject.moment]),
    selected(model, subject),
    ...(environments.size > 0 ? [`in ${listed(environments)}`] : []),
    ...(gateways.length > 0
      ? [listed(gateways.map(({ name, revision }) => `${name} at revision ${revision}`))]
      : []),
  ].join(' · ')
}

function selected(model: Model, { selection, ...filter }: Subject): string {
  const { flows } = model.topology
  if (selection) return `Around ${nameOf(model, selection)}`
  if (!isFiltered(filter)) return `All flows (${flows.length})`
  const passing = flows.filter((flow) => passes(model, flow, filter)).length
  return [`${passing} of ${count(flows.length, 'flow')}`, ...filterWords(model, filter)].join(', ')
}

function filterWords(model: Model, filter: FlowFilter): string[] {
  const { useCase, severity, environment, owner, team, expiring, show, focus, search } = filter
  return [
    ...(focus === null ? [] : [`of ${nameOf(model, { kind: 'api', id: focus })}`]),
    ...(useCase === null ? [] : [`use case ${useCase}`]),
    ...(severity === null ? [] : [`with ${severityLook[severity].plural}`]),
    ...(environment === null ? [] : [`through ${environment}`]),
    ...(owner === null ? [] : [`with an end of ${ownerName[owner]}`]),
    ...(team === null ? [] : [`with an end of ${team}`]),
    ...(expiring === null ? [] : [`certificates that end within ${expiring} days`]),
    ...(show === null ? [] : [showLabel[show].toLowerCase()]),
    ...(search === '' ? [] : [`named “${search}”`]),
  ]
}

function nameOf(model: Model, { kind, id }: Selection): string {
  switch (kind) {
    case 'flow': {
      const flow = model.flows.get(id)
      return flow ? flowTitle(model, flow) : 'a flow that is not there'
    }
    case 'leg': {
      const leg = model.legs.get(id)
      return leg ? `${leg.from.name} to ${leg.to.name}` : 'a leg that is not there'
    }
    default: {
      const found = {
        party: model.parties,
        api: model.apis,
        gateway: model.gateways,
        network: model.networks,
      }[kind].get(id)
      return found?.name ?? `a ${kind} that is not there`
    }
  }
}

/** To the minute, and the same on every machine. */
export function momentOf(at: Date): string {
  const text = at.toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`
}

/** The open findings in numbers, as `2 errors`; and how many somebody answers for. */
export function sumsOf({
  topology: { findings },
}: Model): { text: string; severity: (typeof severities)[number] | null }[] {
  const open = Map.groupBy(findings.filter(isOpen), ({ severity }) => severity)
  const sums = severities.flatMap((severity) => {
    const number = open.get(severity)?.length ?? 0
    const { label, plural } = severityLook[severity]
    return number > 0 ? [{ text: count(number, label, plural), severity }] : []
  })
  const accepted = findings.filter((finding) => !isOpen(finding)).length
  if (sums.length === 0) return [{ text: 'no open findings', severity: null }, ...held(accepted)]
  return [...sums, ...held(accepted)]
}

function held(accepted: number) {
  return accepted > 0 ? [{ text: `${accepted} accepted`, severity: null }] : []
}

export function headerMarks(
  model: Model,
  subject: Subject,
  at: Date,
  width: number,
  palette: Palette,
): Mark[] {
  const ink = severityInk(palette)
  const sums = sumsOf(model)
  const sumsWidth = sums.reduce((sum, { text }) => sum + widthOf(text, 12, 600) + 14, 0)
  let x = width
  const pills = sums.toReversed().map(({ text, severity }): Mark => {
    const fill = severity === null ? palette.ink2 : ink[severity]
    const mark = write(text, { at: { x, y: 26 }, size: 12, weight: 600, fill, anchor: 'end' })
    x -= widthOf(text, 12, 600) + 14
    return mark
  })
  return [
    write(
      titleOf(subject),
      { at: { x: 0, y: 28 }, size: 19, weight: 600, fill: palette.ink },
      width - sumsWidth - 16,
    ),
    write(subtitleOf(model, subject), { at: { x: 0, y: 50 }, size: 12, fill: palette.ink2 }, width - 190),
    write(`as of ${momentOf(at)}`, {
      at: { x: width, y: 50 },
      size: 12,
      fill: palette.ink3,
      anchor: 'end',
    }),
    ...pills,
  ]
}

/** Ids in an order that no input decides. */
export const byId = (a: { id: string }, b: { id: string }) => ascending(a.id, b.id)
