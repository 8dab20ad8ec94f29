'use client'
import { FileUp, Plus } from 'lucide-react'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { toast } from '../ui/toast.tsx'
import { ImportDialog } from './import-dialog.tsx'

const context = createContext<() => void>(() => {})

/** Takes a document that is dropped anywhere on the page, and holds the dialog that imports it. */
export function ImportHost({ isOpen, children }: { isOpen: boolean; children: ReactNode }) {
  const may = useMay('apis.write')
  const [open, setOpen] = useState(isOpen && may)
  const [dropped, setDropped] = useState<File | null>(null)
  const isOver = useFileDrop(may, (files) => {
    const [file, another] = files
    if (another) toast.error('One document at a time', { description: 'Drop a single file.' })
    else if (file) {
      setDropped(file)
      setOpen(true)
    }
  })
  const change = (next: boolean) => {
    setOpen(next)
    if (!next) setDropped(null)
  }
  return (
    <context.Provider value={() => setOpen(true)}>
      {children}
      {isOver && <DropHint />}
      <ImportDialog open={open} onOpenChange={change} dropped={dropped} />
    </context.Provider>
  )
}

/** Opens the import of a document. */
export function NewApiButton() {
  const open = useContext(context)
  if (!useMay('apis.write')) return null
  return (
    <Button variant="primary" aria-haspopup="dialog" onClick={open}>
      <Plus aria-hidden />
      New API
    </Button>
  )
}

function DropHint() {
  return (
    <div className="pointer-events-none fixed inset-3 z-[1150] flex items-center justify-center rounded-xl border-2 border-dashed border-accent bg-accent-soft/90">
      <p className="flex items-center gap-2 text-lg font-semibold text-accent">
        <FileUp aria-hidden className="size-5" />
        Drop the OpenAPI document to import it
      </p>
    </div>
  )
}

/** Whether a file hovers over the page. Dragging texts or links about is left alone. */
function useFileDrop(enabled: boolean, onFiles: (files: readonly File[]) => void): boolean {
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    if (!enabled) return
    const controller = new AbortController()
    const { signal } = controller
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const over = (event: DragEvent) => {
      if (!carriesFiles(event)) return
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false)
    }
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event)) return
      event.preventDefault()
      setOver(false)
      onFiles([...(event.dataTransfer?.files ?? [])])
    }
    window.addEventListener('dragover', over, { signal })
    window.addEventListener('dragleave', leave, { signal })
    window.addEventListener('drop', drop, { signal })
    return () => controller.abort()
  })
  return isOver
}
