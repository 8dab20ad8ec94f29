import type { ReactNode } from 'react'
import { State } from '../ui/state.tsx'

/** Things of one kind that documents become. */
export function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <h3 className="mb-1.5 text-xs font-medium text-ink-2">{title}</h3>
      <ul className="divide-y divide-line rounded-md border border-line">{children}</ul>
    </div>
  )
}

export function Head({ name, isNew, known }: { name: string; isNew: boolean; known: string }) {
  return (
    <div className="flex items-center gap-2">
      <span className="min-w-0 flex-1 text-sm font-medium break-words">{name}</span>
      <State tone={isNew ? 'busy' : 'idle'}>{isNew ? 'new' : known}</State>
    </div>
  )
}
