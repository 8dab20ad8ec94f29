import type { Box, DrawnLeg, End, Point } from './drawing.ts'
import { type Columns, gatewayPoint, lineRise, portPitch } from './measures.ts'
import type { Placed } from './place.ts'
import type { LegShape, Structure } from './structure.ts'

/** Draws each leg between the places of its ends. */

export function route({ legs }: Structure, placed: Placed, columns: Columns): DrawnLeg[] {
  const boxes = boxesOf(placed)
  const rows = new Map(placed.cards.flatMap(({ rows: all }) => all.map(({ apiId, box }) => [apiId, box])))
  const farY = farPorts(legs, boxes, rows)
  const nearY = nearPorts(legs, boxes, farY)
  return legs.flatMap((leg) => {
    const far = boxes.get(leg.far)
    const near = boxes.get(leg.near)
    const from = farY.get(leg.id)
    const to = nearY.get(leg.id)
    if (!far || !near || from === undefined || to === undefined) return []
    return [lineOf(leg, { box: far, y: from }, { box: near, y: to }, columns)]
  })
}

function boxesOf({ cards, gateways, firewalls }: Placed): ReadonlyMap<string, Box> {
  return new Map([
    ...[...cards, ...firewalls].map(({ id, box }) => [id, box] as const),
    ...gateways.map(({ id, box }) => [`gateway:${id}`, box] as const),
  ])
}

type Heights = ReadonlyMap<string, number>
type Boxes = ReadonlyMap<string, Box>

// The far end carries the hexagon, so its ports are a hexagon apart.
function farPorts(legs: readonly LegShape[], boxes: Boxes, rows: Boxes): Heights {
  const heights = new Map<string, number>()
  for (const [far, group] of Map.groupBy(legs, (leg) => leg.far)) {
    const box = boxes.get(far)
    if (!box) continue
    for (const [index, leg] of group.entries()) {
      const row = leg.apiId === null ? undefined : rows.get(leg.apiId)
      const spread = box.y + box.height / 2 + (index - (group.length - 1) / 2) * portPitch
      // A hexagon's label hangs below it, so the line runs a little above the row's middle.
      heights.set(leg.id, (row ? row.y + row.height / 2 : spread) - lineRise)
    }
  }
  return heights
}

// The near end takes its lines in the order in which they come, so that they do not cross at the last moment.
function nearPorts(legs: readonly LegShape[], boxes: Boxes, farY: Heights): Heights {
  const heights = new Map<string, number>()
  for (const group of Map.groupBy(legs, (leg) => `${leg.near} ${leg.end}`).values()) {
    const box = boxes.get(group[0]?.near ?? '')
    if (!box) continue
    const inOrder = group.toSorted((a, b) => (farY.get(a.id) ?? 0) - (farY.get(b.id) ?? 0))
    const pitch = Math.min(16, (box.height * 0.7) / inOrder.length)
    for (const [index, leg] of inOrder.entries()) {
      const middle = box.y + box.height / 2
      heights.set(leg.id, middle + (index - (inOrder.length - 1) / 2) * pitch)
    }
  }
  return heights
}

interface Port {
  readonly box: Box
  readonly y: number
}

function lineOf(leg: LegShape, far: Port, near: Port, columns: Columns): DrawnLeg {
  const { end } = leg
  const atFirewall = leg.far.startsWith('firewall:')
  const toGateway = leg.near.startsWith('gateway:')
  const start: Point = { x: towardsGateway(far.box, end), y: far.y }
  const turn: Point = { x: (toGateway ? columns.farTurn : columns.nearTurn)[end], y: far.y }
  const finish: Point = { x: awayFromGateway(near, end, toGateway), y: near.y }
  const hexagon = { x: (atFirewall ? columns.farHexagons : columns.hexagons)[end], y: far.y }
  const consumers = end === 'consumers'
  return {
    id: leg.id,
    from: consumers ? start : finish,
    to: consumers ? finish : start,
    straight: consumers ? [start, turn] : [turn, start],
    hexagon,
    path: consumers
      ? `${move(start)}${line(turn)}${curve(turn, finish)}`
      : `${move(finish)}${curve(finish, turn)}${line(start)}`,
  }
}

function towardsGateway({ x, width }: Box, end: End): number {
  return end === 'consumers' ? x + width : x
}

// A gateway's sides slant towards its two points.
function awayFromGateway({ box, y }: Port, end: End, isGateway: boolean): number {
  const half = box.height / 2
  const slant = isGateway ? gatewayPoint * (Math.abs(y - box.y - half) / half) : 0
  return end === 'consumers' ? box.x + slant : box.x + box.width - slant
}

const round = (value: number) => Math.round(value * 10) / 10
const at = ({ x, y }: Point) => `${round(x)} ${round(y)}`
const move = (to: Point) => `M${at(to)}`
const line = (to: Point) => `L${at(to)}`

function curve(from: Point, to: Point): string {
  const middle = (from.x + to.x) / 2
  return `C${at({ x: middle, y: from.y })} ${at({ x: middle, y: to.y })} ${at(to)}`
}
