'use client'
import { useSyncExternalStore } from 'react'

const key = 'hexgate.topology.motion'
const changed = 'hexgate.topology.motion.changed'

function subscribe(onChange: () => void): () => void {
  window.addEventListener(changed, onChange)
  window.addEventListener('storage', onChange)
  return () => {
    window.removeEventListener(changed, onChange)
    window.removeEventListener('storage', onChange)
  }
}

// Where a browser keeps nothing, the choice holds until the page is left.
let choice: string | null = null
function read(): string | null {
  try {
    return localStorage.getItem(key) ?? choice
  } catch {
    return choice
  }
}

function write(value: string): void {
  choice = value
  try {
    localStorage.setItem(key, value)
  } catch {
    // Kept for this visit alone.
  }
  window.dispatchEvent(new Event(changed))
}

/** Whether traffic moves along the lines: as the reader chose last, on this device. */
export function useMotion(): { moves: boolean; setMoves: (moves: boolean) => void } {
  const stored = useSyncExternalStore(subscribe, read, () => null)
  return { moves: stored !== 'off', setMoves: (moves) => write(moves ? 'on' : 'off') }
}
