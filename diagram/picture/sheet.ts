import type { Changed } from '../changes.ts'
import type { Highlight } from '../highlight.ts'
import type { Model } from '../model.ts'
import type { Palette } from './palette.ts'
import type { GroupMark } from './scene.ts'

/** What every mark of a picture is made with. */
export interface Sheet {
  readonly model: Model
  readonly palette: Palette
  /** Null where nothing stands back. */
  readonly highlight: Highlight | null
  /** What differs between the moments that are compared; nothing where none are. */
  readonly changed: Changed
  /** How a box stands: back, where a filter leaves it out. */
  standing(boxId: string): Pick<GroupMark, 'opacity'>
}

/** How much is left of what stands back: enough to be found, even in print. */
export const opacityBehind = 0.35

export function sheetOf(
  model: Model,
  palette: Palette,
  highlight: Highlight | null,
  changed: Changed,
): Sheet {
  return {
    model,
    palette,
    highlight,
    changed,
    standing: (boxId) => (highlight && !highlight.boxes.has(boxId) ? { opacity: opacityBehind } : {}),
  }
}
