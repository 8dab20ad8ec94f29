'use client'
import { Plus } from 'lucide-react'
import { createContext, type ReactNode, useContext, useState } from 'react'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { DropHint, useFileDrop } from '../ui/file-drop.tsx'
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
      {isOver && <DropHint>Drop the OpenAPI document to import it</DropHint>}
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
