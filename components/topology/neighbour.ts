import type { Box } from '#diagram/layout/drawing.ts'

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
  switch (direction) {
    case 'left':
      return to.x + to.width <= middleX(from) ? -dx + 2 * Math.abs(dy) : null
    case 'right':
      return to.x >= middleX(from) ? dx + 2 * Math.abs(dy) : null
    case 'up':
      return to.y + to.height <= middleY(from) ? -dy + 2 * Math.abs(dx) : null
    case 'down':
      return to.y >= middleY(from) ? dy + 2 * Math.abs(dx) : null
  }
}

const middleX = ({ x, width }: Box) => x + width / 2
const middleY = ({ y, height }: Box) => y + height / 2
