import type { ReactNode } from 'react'

/** A headed part of the details. */
export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mt-1">
      <h3 className="mb-1.5 text-xs font-medium text-ink-2">{title}</h3>
      {children}
    </section>
  )
}

/** The one plain sentence that comes first. */
export function Lead({ children }: { children: ReactNode }) {
  return <p className="text-sm text-ink-2">{children}</p>
}

/** What can be done with what is chosen. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className="mt-2 flex flex-wrap gap-2">{children}</div>
}
