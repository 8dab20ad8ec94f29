import type { Box } from './layout/drawing.ts'

export type Direction = 'left' | 'right' | 'up' | 'down'

export interface Stop {
  readonly id: string
  readonly box: Box
}

/** The nearest stop in a direction; what lies straight ahead counts as nearer than what lies aside. */
export function neighbour<S extends Stop>(from: Stop, direction: Direction, stops: readonly S[]): S | null {
  let nearest: S | null = null
  let least = Number.POSITIVE_INFINITY
  for (const stop of stops) {
    const distance = stop.id === from.id ? null : distanceTo(from.box, stop.box, direction)
    if (distance === null || distance >= least) continue
    nearest = stop
    least = distance
  }
  return nearest
}

function distanceTo(from: Box, to: Box, direction: Direction): number | null {
  const [dx, dy] = [middleX(to) - middleX(from), middleY(to) - middleY(from)]
  const [ahead, aside] = {
    left: [-dx, dy],
    right: [dx, dy],
    up: [-dy, dx],
    down: [dy, dx],
  }[direction] as [number, number]
  if (ahead <= 1) return null
  return ahead + 3 * Math.abs(aside)
}

const middleX = ({ x, width }: Box) => x + width / 2
const middleY = ({ y, height }: Box) => y + height / 2
