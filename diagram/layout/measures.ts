/** The measures of the drawing, and the columns that follow from how deep networks nest. */

export const cardWidth = 168
export const cardHeight = 48
/** A card's head above its rows. */
export const headHeight = 24
/** Between two ports of one side: a hexagon with its label and its finding fits in. */
export const portPitch = 54
export const rowHeight = portPitch
export const gap = 8
export const laneHead = 28
export const laneGap = 8
export const laneHeightMin = 64
export const networkHead = 22
export const padBottom = 8
export const firewallWidth = 18
export const firewallHeightMin = 54
export const gatewayWidth = 140
export const gatewayHeightMin = 88
/** How far a gateway's points reach out of its body. */
export const gatewayPoint = 16
/** How far above the middle of its port a line runs, since a hexagon's words hang below it. */
export const lineRise = 12

const lanePad = 8
const outerInset = 8
const besideNetwork = 8
// Wider than a firewall, so that those of nested networks stand beside each other.
const besideFirewall = 20
const besideBox = 12
const toHexagon = 33
const besideHexagon = 30
const toFirewall = 18
const corridor = 56

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

/** `nestedFirewalls` says whether a network inside another one has a firewall, which takes room of its own. */
export function columnsFor(levels: number, nestedFirewalls: boolean): Columns {
  const deepest = Math.max(0, levels - 1)
  const innerInset = nestedFirewalls ? besideFirewall : besideBox
  const card = lanePad + deepest * outerInset + besideNetwork
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
