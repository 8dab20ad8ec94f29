import type { Box, Point } from '../layout/drawing.ts'

/** A picture as marks on a sheet, before it is SVG or PDF: both say the very same. */

/** As #rrggbb, or nothing drawn. */
export type Ink = string | null

interface Looks {
  readonly fill?: Ink
  readonly stroke?: Ink
  readonly strokeWidth?: number
  /** Lengths of dashes and gaps. */
  readonly dash?: string | undefined
}

export interface BoxMark extends Looks {
  readonly kind: 'box'
  readonly box: Box
  readonly radius: number
}
export interface PathMark extends Looks {
  readonly kind: 'path'
  readonly d: string
}
export interface PolygonMark extends Looks {
  readonly kind: 'polygon'
  readonly points: string
}
export interface TextMark {
  readonly kind: 'text'
  readonly at: Point
  readonly text: string
  readonly size: number
  readonly weight: 400 | 600
  readonly fill: string
  readonly anchor: 'start' | 'middle' | 'end'
  /** Keeps the text readable over lines. */
  readonly halo?: string
  /** The font that has its letters, where it is not the usual one. */
  readonly face?: string
  /** The whole of what was shortened. */
  readonly whole?: string
}
/** What belongs together: one thing of the topology, with what it is called and what a program reads of it. */
export interface GroupMark {
  readonly kind: 'group'
  readonly at?: Point
  readonly title?: string
  /** By the names of attributes, without `data-`. */
  readonly facts?: Readonly<Record<string, string>>
  readonly opacity?: number
  readonly marks: readonly Mark[]
}
export type Mark = BoxMark | PathMark | PolygonMark | TextMark | GroupMark

/** A flow as a program reads it out of the picture. */
export interface FlowFact {
  readonly id: string
  readonly consumer: string
  readonly api: string
  readonly useCase: string
  readonly pattern: string
  readonly role: string
  readonly legs: readonly string[]
}

export interface Scene {
  readonly width: number
  readonly height: number
  readonly background: string
  readonly title: string
  readonly description: string
  readonly flows: readonly FlowFact[]
  readonly marks: readonly Mark[]
}

/** Everything that is written. */
export function textsIn(marks: readonly Mark[]): string[] {
  return marks.flatMap((mark) =>
    mark.kind === 'group' ? textsIn(mark.marks) : mark.kind === 'text' ? [mark.text] : [],
  )
}
