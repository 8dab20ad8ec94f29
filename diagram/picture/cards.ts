import type { DrawnCard, DrawnGateway } from '../layout/drawing.ts'
import { gatewayPoint } from '../layout/measures.ts'
import { deploymentLook, ownerLabel, roleLabel } from '../looks.ts'
import { networkOf } from '../model.ts'
import {
  apiDetail,
  apiSubtitle,
  gatewayDetail,
  gatewayRole,
  gatewayState,
  gatewaySubtitle,
  partyDetail,
  partySubtitle,
} from '../words.ts'
import { thingPill } from './changes.ts'
import { toneInk } from './palette.ts'
import type { Mark } from './scene.ts'
import type { Sheet } from './sheet.ts'
import { widthOf, write } from './text.ts'

/** Who stands in the topology: consumers, providers with their APIs, and gateways. */

const pad = 12

export function cardMark(card: DrawnCard, sheet: Sheet): Mark[] {
  const { model, palette } = sheet
  const party = card.partyId === null ? undefined : model.parties.get(card.partyId)
  if (card.partyId !== null && !party) return []
  const { box } = card
  const frame: Mark = {
    kind: 'box',
    box,
    radius: 8,
    fill: palette.panel,
    stroke: palette.line2,
    strokeWidth: 1,
    dash: party ? undefined : '4 3',
  }
  const about = party
    ? {
        title: `${party.name}, ${partyDetail(model, party)}`,
        facts: { party: party.id, end: card.end, owner: party.owner },
      }
    : { title: 'APIs whose provider nobody has named', facts: { party: '', end: card.end } }
  const head = card.rows.length === 0 ? single(card, sheet) : heading(card, sheet)
  return [
    {
      kind: 'group',
      ...about,
      ...sheet.standing(card.id),
      marks: [
        frame,
        ...head,
        ...card.rows.flatMap((row) => apiRow(row, sheet)),
        ...thingPill(card.partyId, { x: box.x + box.width - 8, y: box.y }, 'end', sheet),
      ],
    },
  ]
}

function single({ box, partyId }: DrawnCard, { model, palette }: Sheet): Mark[] {
  const party = partyId === null ? undefined : model.parties.get(partyId)
  if (!party) return []
  const middle = box.y + box.height / 2
  const room = box.width - 2 * pad
  return [
    write(
      party.name,
      { at: { x: box.x + pad, y: middle - 4 }, size: 13, weight: 600, fill: palette.ink },
      room,
    ),
    write(
      partySubtitle(party, networkOf(model, party)),
      { at: { x: box.x + pad, y: middle + 13 }, size: 11, fill: palette.ink3 },
      room,
    ),
  ]
}

// A head above rows has no room for the location; the network's box around it says it.
function heading({ box, partyId }: DrawnCard, { model, palette }: Sheet): Mark[] {
  const party = partyId === null ? undefined : model.parties.get(partyId)
  const at = { x: box.x + pad - 2, y: box.y + 16 }
  const room = box.width - 2 * (pad - 2)
  if (!party) return [write('Provider not named', { at, size: 11, weight: 600, fill: palette.warn }, room)]
  const owner = ownerLabel[party.owner]
  const name = write(
    party.name,
    { at, size: 11, weight: 600, fill: palette.ink2 },
    room - widthOf(owner, 11) - 8,
  )
  const after = { x: at.x + widthOf(name.text, 11, 600) + 6, y: at.y }
  return [name, write(owner, { at: after, size: 11, fill: palette.ink3 })]
}

function apiRow({ apiId, box }: DrawnCard['rows'][number], sheet: Sheet): Mark[] {
  const { model, palette } = sheet
  const api = model.apis.get(apiId)
  if (!api) return []
  const { tone, label: state } = deploymentLook[api.deployment]
  const middle = box.y + box.height / 2
  const right = box.x + box.width - pad
  const subtitle = apiSubtitle(api)
  const below = box.x + pad + 14
  const pill = thingPill(api.id, { x: box.x + box.width - 8, y: middle - 9 }, 'end', sheet)
  const nameRoom = right - below - (pill.length > 0 ? 66 : 0)
  return [
    {
      kind: 'group',
      title: `${api.name} ${api.label}, ${apiDetail(model, api)}, ${state}`,
      facts: { api: api.id },
      marks: [
        { kind: 'path', d: `M${box.x} ${box.y}H${box.x + box.width}`, stroke: palette.line, strokeWidth: 1 },
        {
          kind: 'box',
          box: { x: box.x + pad, y: middle - 12, width: 7, height: 7 },
          radius: 3.5,
          fill: toneInk(palette)[tone],
        },
        write(
          api.name,
          { at: { x: below, y: middle - 4 }, size: 13, weight: 600, fill: palette.ink },
          nameRoom,
        ),
        ...pill,
        write(subtitle, { at: { x: below, y: middle + 13 }, size: 11, fill: palette.ink3 }, right - below),
        write(
          api.label,
          { at: { x: right, y: middle + 13 }, size: 11, fill: palette.ink3, anchor: 'end' },
          Math.max(12, right - below - widthOf(subtitle, 11) - 8),
        ),
      ],
    },
  ]
}

export function gatewayMark(drawn: DrawnGateway, sheet: Sheet): Mark[] {
  const { model, palette } = sheet
  const gateway = model.gateways.get(drawn.id)
  if (!gateway) return []
  const { x, y, width, height } = drawn.box
  const p = gatewayPoint
  const role = gatewayRole(model, gateway)
  const state = gatewayState(gateway)
  const lines = [
    { text: gateway.name, size: 13, weight: 600, fill: palette.ink },
    { text: gatewaySubtitle(gateway), size: 11, weight: 400, fill: palette.ink2 },
    ...(role ? [{ text: roleLabel[role], size: 11, weight: 400, fill: palette.ink2 } as const] : []),
    { text: state.text, size: 11, weight: 400, fill: toneInk(palette)[state.tone] },
  ] as const
  const middle = { x: x + width / 2, y: y + height / 2 }
  const top = middle.y - ((lines.length - 1) * 16) / 2 + 4
  return [
    {
      kind: 'group',
      title: `${gateway.name}, ${gatewayDetail(gateway)}${role ? `, ${roleLabel[role]}` : ''}`,
      facts: { gateway: gateway.id, revision: String(gateway.revision), ...(role && { role }) },
      ...sheet.standing(`gateway:${drawn.id}`),
      marks: [
        {
          kind: 'polygon',
          points: [
            [x + p, y + 1],
            [x + width - p, y + 1],
            [x + width - 1, middle.y],
            [x + width - p, y + height - 1],
            [x + p, y + height - 1],
            [x + 1, middle.y],
          ]
            .map((corner) => corner.join(','))
            .join(' '),
          fill: palette.accentSoft,
          stroke: palette.accent,
          strokeWidth: 2,
        },
        ...lines.map(({ text, size, weight, fill }, index) =>
          write(
            text,
            { at: { x: middle.x, y: top + index * 16 }, size, weight, fill, anchor: 'middle' },
            width - 2 * p - 8,
          ),
        ),
        ...thingPill(gateway.id, { x: middle.x, y: y + 1 }, 'middle', sheet),
      ],
    },
  ]
}
