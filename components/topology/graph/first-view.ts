import type { Drawing } from '#diagram/layout/drawing.ts'

/** Below this nothing can be told apart any more. */
export const zoomMin = 0.02
/** Below this words are specks. */
export const legibleZoom = 0.25
/** A small topology need not fill a large screen. */
const zoomFirst = 1.2
/** Below this nobody can read the names. */
const readableZoom = 0.6
const margin = 10
/** Room for the controls, so that they cover nothing when everything is shown. */
const controls = 36

/**
 * How the map is shown first: whole when it can be read so, else as wide as there is room, from the top.
 * `whole` shows all of it, however small.
 */
export function firstView(
  drawing: Pick<Drawing, 'width' | 'height'>,
  room: { width: number; height: number },
  whole = false,
): { x: number; y: number; zoom: number } {
  const height = drawing.height + 24
  const across = (room.width - 2 * margin) / drawing.width
  const all = Math.min(zoomFirst, across, (room.height - 2 * margin - controls) / height)
  const zoom =
    whole || all >= readableZoom ? Math.max(all, zoomMin) : Math.min(1, Math.max(across, readableZoom))
  const x = Math.max(margin, (room.width - drawing.width * zoom) / 2)
  const spare = room.height - controls - height * zoom
  return { x, y: Math.max(margin, spare / 2), zoom }
}

/** Whether anything of the drawing is seen in a view. */
export function isInView(
  drawing: Pick<Drawing, 'width' | 'height'>,
  room: { width: number; height: number },
  { x, y, zoom }: { x: number; y: number; zoom: number },
): boolean {
  return x < room.width && y < room.height && x + drawing.width * zoom > 0 && y + drawing.height * zoom > 0
}
