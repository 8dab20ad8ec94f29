import type { NetworkClass } from '#domain/network.ts'
import {
  type Box,
  type DrawnCard,
  type DrawnFirewall,
  type DrawnGateway,
  type DrawnLane,
  type DrawnNetwork,
  type End,
  laneOrder,
} from './drawing.ts'
import type { Columns } from './measures.ts'
import * as measure from './measures.ts'
import type { Arrangement } from '#domain/stored.ts'
import type { Order as Ranks } from './order.ts'
import type { Card, Firewall, GatewayShape, NetworkShape, Structure } from './structure.ts'

/** Gives every box its place: lanes from top to bottom, networks inside them, cards and gateways inside those. */

export interface Placed {
  readonly height: number
  readonly lanes: DrawnLane[]
  readonly networks: DrawnNetwork[]
  readonly cards: DrawnCard[]
  readonly gateways: DrawnGateway[]
  readonly firewalls: DrawnFirewall[]
}

/** A network, or the ground of a lane, with what stands in it. */
interface Area {
  readonly network: NetworkShape | null
  readonly depth: number
  readonly consumers: readonly Card[]
  readonly providers: readonly Card[]
  readonly gateways: readonly GatewayShape[]
  readonly firewalls: readonly Firewall[]
  readonly children: readonly Area[]
}

/** How things stand among those that they stand with: as somebody put them, else as lines cross least. */
export interface Order {
  readonly ranks: Ranks
  readonly byHand: Arrangement
}

// Consumers, gateways and providers each fill a column of their own from the top.
type Column = 0 | 1 | 2
type Cursors = [number, number, number]
interface Span {
  readonly first: Column
  readonly last: Column
}

export function place(structure: Structure, order: Order): { placed: Placed; columns: Columns } {
  const areas = laneOrder.map((cls) => laneArea(structure, order, cls))
  const columns = measure.columnsFor(Math.max(1, ...areas.map(levelsOf)), areas.some(nestsFirewall))
  const placed: Placed = { height: 0, lanes: [], networks: [], cards: [], gateways: [], firewalls: [] }
  let y = 0
  for (const [index, area] of areas.entries()) {
    const top = y + measure.laneHead
    const cursors: Cursors = [top, top, top]
    fill(area, cursors, placed, columns)
    const bottom = Math.max(y + measure.laneHeightMin, Math.max(...cursors) - measure.gap + measure.padBottom)
    const box = { x: 0, y, width: columns.width, height: bottom - y }
    placed.lanes.push({ class: laneOrder[index] ?? 'org-internal', box })
    y = bottom + measure.laneGap
  }
  return { placed: { ...placed, height: y - measure.laneGap }, columns }
}

function levelsOf(area: Area): number {
  return Math.max(0, ...area.children.map((child) => 1 + levelsOf(child)))
}

function laneArea(structure: Structure, order: Order, cls: NetworkClass): Area {
  const networks = structure.networks.filter((network) => network.class === cls)
  const ground = cls === 'org-internal' ? null : undefined
  return areaOf(null, -1)

  function areaOf(network: NetworkShape | null, depth: number): Area {
    const here = (each: { networkId: string | null }) => each.networkId === (network ? network.id : ground)
    const cards = sorted(structure.cards.filter(here), order, ({ id }) => id)
    const inside = networks.filter(({ parentId }) => parentId === (network?.id ?? null))
    return {
      network,
      depth,
      consumers: cards.filter(({ end }) => end === 'consumers'),
      providers: cards.filter(({ end }) => end === 'providers'),
      gateways: sorted(structure.gateways.filter(here), order, ({ id }) => `gateway:${id}`),
      firewalls: network ? structure.firewalls.filter(here) : [],
      children: sortedAreas(
        inside.map((child) => areaOf(child, depth + 1)),
        order,
      ),
    }
  }
}

function sorted<T extends { id: string; name: string }>(
  all: readonly T[],
  order: Order,
  key: (each: T) => string,
): T[] {
  return all.toSorted(
    (a, b) =>
      byHand(order, key(a), key(b)) ||
      (order.ranks.get(key(a)) ?? 0) - (order.ranks.get(key(b)) ?? 0) ||
      compare(a.name, b.name) ||
      compare(a.id, b.id),
  )
}

// Wide ones first: what stands beside them can then stay side by side below.
function sortedAreas(areas: Area[], order: Order): Area[] {
  const width = (area: Area) => spanOf(area).last - spanOf(area).first
  return areas.toSorted(
    (a, b) =>
      width(b) - width(a) ||
      byHand(order, `network:${a.network?.id}`, `network:${b.network?.id}`) ||
      meanOrder(a, order) - meanOrder(b, order) ||
      compare(a.network?.name ?? '', b.network?.name ?? '') ||
      compare(a.network?.id ?? '', b.network?.id ?? ''),
  )
}

// What nobody has placed comes after what somebody has.
function byHand({ byHand: placed }: Order, a: string, b: string): number {
  const last = Number.MAX_SAFE_INTEGER
  return (placed[a] ?? last) - (placed[b] ?? last)
}

function meanOrder(area: Area, order: Order): number {
  const ids = (each: Area): string[] => [
    ...[...each.consumers, ...each.providers].map(({ id }) => id),
    ...each.gateways.map(({ id }) => `gateway:${id}`),
    ...each.children.flatMap(ids),
  ]
  const all = ids(area).map((id) => order.ranks.get(id) ?? 0)
  return all.length === 0 ? Number.MAX_SAFE_INTEGER : all.reduce((sum, each) => sum + each, 0) / all.length
}

function spanOf(area: Area): Span {
  const columns = usedColumns(area)
  const first = columns[0] ?? 0
  return { first, last: columns.at(-1) ?? first }
}

function usedColumns(area: Area): Column[] {
  const used = new Set<Column>(area.children.flatMap(usedColumns))
  if (area.consumers.length > 0) used.add(0)
  if (area.gateways.length > 0) used.add(1)
  if (area.providers.length > 0) used.add(2)
  return [...used].toSorted((a, b) => a - b)
}

function fill(area: Area, cursors: Cursors, placed: Placed, columns: Columns): void {
  const gatewayTop = cursors[1]
  placeCards(area.consumers, 'consumers', cursors, placed, columns)
  placeCards(area.providers, 'providers', cursors, placed, columns)
  const gateways = placeGateways(area.gateways, cursors, placed, columns)
  for (const child of area.children) placeNetwork(child, cursors, placed, columns)
  centre(gateways, gatewayTop, cursors, area, placed)
}

function placeCards(
  cards: readonly Card[],
  end: End,
  cursors: Cursors,
  placed: Placed,
  columns: Columns,
): void {
  const column: Column = end === 'consumers' ? 0 : 2
  for (const { id, partyId, height, apiIds } of cards) {
    const box: Box = { x: columns.cards[end], y: cursors[column], width: measure.cardWidth, height }
    const rows = apiIds.map((apiId, index) => ({
      apiId,
      box: { ...box, y: box.y + measure.headHeight + index * measure.rowHeight, height: measure.rowHeight },
    }))
    placed.cards.push({ id, end, partyId, box, rows })
    cursors[column] += height + measure.gap
  }
}

function placeGateways(
  gateways: readonly GatewayShape[],
  cursors: Cursors,
  placed: Placed,
  columns: Columns,
): number[] {
  return gateways.map(({ id, height }) => {
    const box = { x: columns.gateway, y: cursors[1], width: measure.gatewayWidth, height }
    cursors[1] += height + 2 * measure.gap
    return placed.gateways.push({ id, box }) - 1
  })
}

// A gateway stands in the middle of what it serves, as far as nothing else needs that room.
function centre(indexes: readonly number[], top: number, cursors: Cursors, area: Area, placed: Placed): void {
  const wideChild = area.children.some((child) => usedColumns(child).includes(1) || coversMiddle(child))
  const [first] = indexes
  if (first === undefined || wideChild) return
  const spare = Math.floor(Math.max(...cursors) - measure.gap - (cursors[1] - 2 * measure.gap))
  if (spare <= 0) return
  const shift = Math.floor(spare / 2)
  for (const index of indexes) {
    const gateway = placed.gateways[index]
    if (gateway) placed.gateways[index] = { ...gateway, box: { ...gateway.box, y: gateway.box.y + shift } }
  }
  cursors[1] = Math.max(cursors[1] + shift, top)
}

function coversMiddle(area: Area): boolean {
  const { first, last } = spanOf(area)
  return first < 1 && last > 1
}

function placeNetwork(area: Area, cursors: Cursors, placed: Placed, columns: Columns): void {
  const { network, depth } = area
  if (!network) return
  const span = spanOf(area)
  const within = ([0, 1, 2] as const).filter((column) => column >= span.first && column <= span.last)
  const y = Math.max(...within.map((column) => cursors[column]))
  const top = y + measure.networkHead
  const inside: Cursors = [top, top, top]
  fill(area, inside, placed, columns)
  const content = Math.max(top + measure.gap, ...inside) - measure.gap
  const bottom = placeFirewalls(area, { top, bottom: content }, placed, columns) + measure.padBottom
  const left = span.first === 2 ? columns.inner(depth).right : columns.outer(depth).left
  const right = span.last === 0 ? columns.inner(depth).left : columns.outer(depth).right
  const [x, end] = span.first === 1 && span.last === 1 ? middleEdges(columns) : [left, right]
  placed.networks.push({ id: network.id, box: { x, y, width: end - x, height: bottom - y } })
  for (const column of within) cursors[column] = bottom + measure.gap
}

function middleEdges(columns: Columns): [number, number] {
  return [columns.gateway - measure.gap, columns.gateway + measure.gatewayWidth + measure.gap]
}

// On the box's inner edge, in the middle of the network; below the nested ones when they have firewalls too.
function placeFirewalls(
  area: Area,
  content: { top: number; bottom: number },
  placed: Placed,
  columns: Columns,
): number {
  const below = area.children.some(hasFirewall)
  let bottom = content.bottom
  for (const { id, networkId, end, height } of area.firewalls) {
    const edges = columns.inner(area.depth)
    const x = (end === 'consumers' ? edges.left : edges.right) - measure.firewallWidth / 2
    const middle = Math.round((content.top + content.bottom - height) / 2)
    const y = below ? content.bottom + measure.gap : Math.max(content.top, middle)
    placed.firewalls.push({ id, networkId, end, box: { x, y, width: measure.firewallWidth, height } })
    bottom = Math.max(bottom, y + height)
  }
  return bottom
}

function nestsFirewall({ children }: Area): boolean {
  return children.some((child) => child.children.some(hasFirewall) || nestsFirewall(child))
}

function hasFirewall(area: Area): boolean {
  return area.firewalls.length > 0 || area.children.some(hasFirewall)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
