import type { NetworkClass } from '#domain/network.ts'

/** Where everything of the topology is drawn, in CSS pixels from the top left corner. */

export interface Point {
  readonly x: number
  readonly y: number
}
export interface Box extends Point {
  readonly width: number
  readonly height: number
}

export type End = 'consumers' | 'providers'

export interface DrawnLane {
  readonly class: NetworkClass
  readonly box: Box
}
export interface DrawnNetwork {
  readonly id: string
  readonly box: Box
}
/** A consumer, or a provider with a row for each of its APIs. */
export interface DrawnCard {
  readonly id: string
  readonly end: End
  /** Null for APIs whose provider nobody named. */
  readonly partyId: string | null
  readonly box: Box
  readonly rows: readonly { readonly apiId: string; readonly box: Box }[]
}
export interface DrawnGateway {
  readonly id: string
  readonly box: Box
}
export interface DrawnFirewall {
  readonly id: string
  readonly networkId: string
  readonly end: End
  readonly box: Box
}
/** A leg's line from `from` to `to`: straight where its hexagon stands, curved in a corridor that nothing else uses. */
export interface DrawnLeg {
  readonly id: string
  readonly from: Point
  readonly to: Point
  /** The straight part, which carries the hexagon. */
  readonly straight: readonly [Point, Point]
  readonly hexagon: Point
  readonly path: string
}

export interface Drawing {
  readonly width: number
  readonly height: number
  readonly lanes: readonly DrawnLane[]
  readonly networks: readonly DrawnNetwork[]
  readonly cards: readonly DrawnCard[]
  readonly gateways: readonly DrawnGateway[]
  readonly firewalls: readonly DrawnFirewall[]
  readonly legs: readonly DrawnLeg[]
}

/** From top to bottom: the farther from the gateway, the higher. */
export const laneOrder: readonly NetworkClass[] = ['non-org-external', 'org-external', 'org-internal']

/** The room that a hexagon takes with its label, around its centre. */
export const hexagonRoom = { left: 32, right: 32, above: 15, below: 39 } as const
