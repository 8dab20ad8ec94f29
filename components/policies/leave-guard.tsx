'use client'
import { useRouter } from 'next/navigation'
import { useEffect, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogContent } from '../ui/dialog.tsx'

interface Props {
  dirty: boolean
  /** Saves, and says whether it was saved. */
  onSave: () => Promise<boolean>
  mayLeave: () => void
}

/** Asks before unsaved steps are left behind by a link; the browser asks before the tab goes. */
export function LeaveGuard({ dirty, onSave, mayLeave }: Props) {
  const router = useRouter()
  const [target, setTarget] = useState<string | null>(null)
  useEffect(() => {
    if (!dirty) return
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault()
    const onClick = (event: MouseEvent) => {
      const href = internalTarget(event)
      if (href === null) return
      event.preventDefault()
      event.stopPropagation()
      setTarget(href)
    }
    window.addEventListener('beforeunload', onUnload)
    document.addEventListener('click', onClick, { capture: true })
    return () => {
      window.removeEventListener('beforeunload', onUnload)
      document.removeEventListener('click', onClick, { capture: true })
    }
  }, [dirty])
  const leave = () => {
    mayLeave()
    if (target !== null) router.push(target)
    setTarget(null)
  }
  const saveAndLeave = async () => {
    if (await onSave()) leave()
    else setTarget(null)
  }
  return (
    <Dialog open={target !== null} onOpenChange={(open) => !open && setTarget(null)}>
      <DialogContent
        title="The draft has changes that are not saved"
        size="sm"
        footer={
          <>
            <Button onClick={() => setTarget(null)}>Stay</Button>
            <Button variant="danger" onClick={leave}>
              Leave without saving
            </Button>
            <Button variant="primary" onClick={() => void saveAndLeave()}>
              Save and leave
            </Button>
          </>
        }
      >
        <p className="text-sm text-ink-2">What runs stays as it is either way, until you deploy.</p>
      </DialogContent>
    </Dialog>
  )
}

// A plain click on a link to another page of the portal; anything else is left to the browser.
function internalTarget(event: MouseEvent): string | null {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null
  const anchor = event.target instanceof Element ? event.target.closest('a[href]') : null
  if (!(anchor instanceof HTMLAnchorElement) || anchor.target === '_blank') return null
  const url = new URL(anchor.href)
  if (url.origin !== location.origin || url.pathname === location.pathname) return null
  return url.pathname + url.search
}
