import { networkClassName } from '#domain/network.ts'
import type { Drawing, DrawnFirewall, DrawnLane, DrawnNetwork } from '../layout/drawing.ts'
import { laneLook, locationLabel } from '../looks.ts'
import { networkDetail } from '../words.ts'
import { thingPill } from './changes.ts'
import { zoneInk } from './palette.ts'
import type { Mark } from './scene.ts'
import type { Sheet } from './sheet.ts'
import { widthOf, write } from './text.ts'

/** Where things stand: lanes, networks and the firewalls at their edges. */

export function laneMark({ class: cls, box }: DrawnLane, { palette }: Sheet): Mark {
  const { title, hint, dashed } = laneLook[cls]
  const at = { x: box.x + 14, y: box.y + 19 }
  return {
    kind: 'group',
    title: `Lane of networks that are ${networkClassName[cls]}`,
    facts: { lane: cls },
    marks: [
      {
        kind: 'box',
        box,
        radius: 10,
        fill: zoneInk(palette)[cls],
        stroke: palette.line2,
        strokeWidth: 1,
        dash: dashed ? '4 3' : undefined,
      },
      write(title, { at, size: 12, weight: 600, fill: palette.ink2 }),
      write(hint, {
        at: { x: at.x + widthOf(title, 12, 600) + 16, y: at.y },
        size: 11,
        fill: palette.ink3,
      }),
    ],
  }
}

export function networkMark({ id, box }: DrawnNetwork, sheet: Sheet): Mark[] {
  const { model, palette } = sheet
  const network = model.networks.get(id)
  if (!network) return []
  const parent = network.parentId === null ? undefined : model.networks.get(network.parentId)
  const room = box.width - 20
  const name = write(
    network.name,
    { at: { x: box.x + 10, y: box.y + 16 }, size: 11, weight: 600, fill: palette.ink2 },
    Math.min(room, Math.max(room * 0.6, room - 120)),
  )
  const after = widthOf(name.text, 11, 600) + 8
  const details = [
    locationLabel[network.location],
    ...(parent && parent.class !== network.class ? [`inside ${parent.name}`] : []),
    ...(network.firewall === null ? [] : [`firewall ${network.firewall}`]),
  ]
  const detail = write(
    details.join(', '),
    { at: { x: box.x + 10 + after, y: box.y + 16 }, size: 11, fill: palette.ink3 },
    room - after,
  )
  return [
    {
      kind: 'group',
      title: `${network.name}, ${networkDetail(model, network)}`,
      facts: { network: id, class: network.class },
      marks: [
        { kind: 'box', box, radius: 8, fill: null, stroke: palette.line2, strokeWidth: 1 },
        name,
        detail,
        ...thingPill(id, { x: box.x + box.width - 8, y: box.y }, 'end', sheet),
      ],
    },
  ]
}

export function firewallMark(drawn: DrawnFirewall, sheet: Sheet): Mark {
  const { model, palette } = sheet
  const { x, y, width, height } = drawn.box
  const name = model.networks.get(drawn.networkId)?.firewall ?? ''
  const middle = y + height / 2
  return {
    kind: 'group',
    title: `Firewall ${name}`,
    facts: { firewall: drawn.networkId, end: drawn.end },
    ...sheet.standing(drawn.id),
    marks: [
      {
        kind: 'box',
        box: drawn.box,
        radius: 4,
        fill: palette.panel,
        stroke: palette.trustLine,
        strokeWidth: 1,
      },
      ...[-5, 0, 5].map(
        (offset): Mark => ({
          kind: 'path',
          d: `M${x + width / 2 - 5} ${middle + offset}H${x + width / 2 + 5}`,
          stroke: palette.ink3,
          strokeWidth: 1,
        }),
      ),
    ],
  }
}

/** What the columns hold, under the lowest lane. */
export function captionMarks({ cards, gateways, height }: Drawing, { palette }: Sheet): Mark[] {
  const columns = [
    { text: 'Consumers', box: cards.find(({ end }) => end === 'consumers')?.box },
    { text: gateways.length > 1 ? 'Gateways' : 'Gateway', box: gateways[0]?.box },
    { text: 'Providers', box: cards.find(({ end }) => end === 'providers')?.box },
  ]
  return columns.flatMap(({ text, box }): Mark[] =>
    box
      ? [
          write(text, {
            at: { x: box.x + box.width / 2, y: height + 17 },
            size: 11,
            fill: palette.ink3,
            anchor: 'middle',
          }),
        ]
      : [],
  )
}
