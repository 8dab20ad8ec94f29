'use client'
import { useTheme } from 'next-themes'
import { Toaster as Sonner, toast } from 'sonner'

export { toast }

/** Where toasts appear: once, in the portal's layout. */
export function Toaster() {
  const { resolvedTheme } = useTheme()
  return (
    <Sonner
      theme={resolvedTheme === 'dark' ? 'dark' : 'light'}
      position="bottom-right"
      // Above the bar at the foot of a page that has one.
      offset={{ bottom: 64, right: 18 }}
      mobileOffset={{ bottom: 96 }}
      toastOptions={{
        classNames: {
          toast: '!rounded-lg !border !border-line-2 !bg-panel !text-ink !text-sm !shadow-overlay !font-sans',
          description: '!text-ink-2 !text-xs',
          actionButton: '!bg-accent !text-on-accent',
        },
      }}
    />
  )
}

/** Says what the server refused, in its words. */
export function toastProblem(problem: { title: string; message: string }): void {
  toast.error(problem.title, { description: problem.message })
}
