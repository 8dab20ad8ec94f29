import type { ReactNode } from 'react'
import { Logo } from '#components/ui/logo.tsx'

/** The frame of the pages that need nobody signed in. */
export default function SignInLayout({ children }: { children: ReactNode }) {
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-6">
      <div className="w-full max-w-90">
        <Logo className="mb-5" />
        <div className="rounded-lg border border-line bg-panel p-6">{children}</div>
      </div>
    </main>
  )
}
