import type { ContextView } from '#domain/trust.ts'
import { hexagonLook } from '#diagram/hexagon.ts'
import { Hexagon } from '../ui/hexagon.tsx'
import type { Option } from '../ui/select.tsx'

/** What stands for no context in a choice. */
export const noContext = 'none'

/** A context in a choice: its hexagon, its name and its class in words. */
export function contextOption({ id, name, class: cls }: Pick<ContextView, 'id' | 'name' | 'class'>): Option {
  return { value: id, label: name, hint: hexagonLook[cls].label, mark: <Hexagon trust={cls} /> }
}
