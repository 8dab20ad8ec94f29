/** The measures of the drawing, and the columns that follow from how deep networks nest. */

export const cardWidth = 168
export const cardHeight = 52
/** A card's head above its rows. */
export const headHeight = 26
/** Between two ports of one side: a hexagon with its label fits in. */
export const portPitch = 52
export const rowHeight = portPitch
export const gap = 10
export const laneHead = 34
export const laneGap = 10
export const laneHeightMin = 76
export const networkHead = 24
export const padBottom = 12
export const firewallWidth = 18
export const firewallHeightMin = 54
export const gatewayWidth = 144
export const gatewayHeightMin = 96
/** How far a gateway's points reach out of its body. */
export const gatewayPoint = 16

const lanePad = 14
const outerInset = 12
// Wider than a firewall, so that those of nested networks stand beside each other.
const innerInset = 24
const toHexagon = 36
const besideHexagon = 32
const toFirewall = 26
const corridor = 68

/** The x of every column, from the lane's edges to the gateway, mirrored around it. */
export interface Columns {
  readonly width: number
  readonly cards: { readonly consumers: number; readonly providers: number }
  readonly gateway: number
  /** The centre of hexagons beside a card, and of those beside a firewall's far side. */
  readonly hexagons: { readonly consumers: number; readonly providers: number }
  readonly farHexagons: { readonly consumers: number; readonly providers: number }
  /** Where lines stop being straight, on the card's side of a firewall and on the gateway's. */
  readonly nearTurn: { readonly consumers: number; readonly providers: number }
  readonly farTurn: { readonly consumers: number; readonly providers: number }
  /** The edges of a network's box at a depth, the outermost being 0. */
  outer(depth: number): { left: number; right: number }
  inner(depth: number): { left: number; right: number }
}

export function columnsFor(levels: number): Columns {
  const deepest = Math.max(0, levels - 1)
  const card = lanePad + deepest * outerInset + 12
  const hexagon = card + cardWidth + toHexagon
  const nearTurn = hexagon + besideHexagon
  const innermost = nearTurn + toFirewall + firewallWidth / 2
  const outermost = innermost + deepest * innerInset
  const farHexagon = outermost + firewallWidth / 2 + toHexagon
  const farTurn = farHexagon + besideHexagon
  const gateway = farTurn + corridor
  const width = 2 * gateway + gatewayWidth
  const mirror = (x: number) => ({ consumers: x, providers: width - x })
  const edges = (x: number) => ({ left: x, right: width - x })
  return {
    width,
    cards: { consumers: card, providers: width - card - cardWidth },
    gateway,
    hexagons: mirror(hexagon),
    farHexagons: mirror(farHexagon),
    nearTurn: mirror(nearTurn),
    farTurn: mirror(farTurn),
    outer: (depth) => edges(lanePad + depth * outerInset),
    inner: (depth) => edges(innermost + (deepest - depth) * innerInset),
  }
}
