import type { PageKeys, Shortcut } from '../shell/page-keys.ts'

const reading: readonly Shortcut[] = [
  { keys: ['←', '→', '↑', '↓'], does: 'Go to what stands next' },
  { keys: ['['], does: 'Go to who calls it' },
  { keys: [']'], does: 'Go to what it calls' },
  { keys: ['Enter'], does: 'Open its details' },
  { keys: ['Esc'], does: 'Back to the map' },
  { keys: ['+'], does: 'Zoom in' },
  { keys: ['-'], does: 'Zoom out' },
  { keys: ['0'], does: 'Show in full size' },
  { keys: ['F'], does: 'Show all of it' },
  { keys: ['L'], does: 'Show or hide the legend' },
  { keys: ['/'], does: 'Find by name' },
]

/** The keys of the map for somebody who reads it, and for somebody who may put things elsewhere. */
export const keysToRead: PageKeys = { title: 'On the map', shortcuts: reading }
export const keysToMove: PageKeys = {
  title: 'On the map',
  shortcuts: [...reading, { keys: ['M'], does: 'Begin or end moving with ↑ and ↓' }],
}
