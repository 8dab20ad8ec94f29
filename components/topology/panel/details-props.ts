import type { Asked } from '../dialogs/asked.ts'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'
import type { FlowFilter } from '#diagram/filter.ts'

/** What the details of every kind of thing are given. */
export interface DetailsProps {
  model: Model
  id: string
  choose: (selection: Selection | null, byKeyboard: boolean) => void
  /** Changes what stands out. */
  lens: (change: Partial<FlowFilter>) => void
  ask: (asked: Asked) => void
  mayWrite: boolean
}
