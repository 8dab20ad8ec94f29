'use client'
import { FolderInput, Plus } from 'lucide-react'
import { createContext, type ReactNode, useContext, useState } from 'react'
import { DocumentsDialog } from '../documents/documents-dialog.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { DropHint, useFileDrop } from '../ui/file-drop.tsx'
import { ImportDialog } from './import-dialog.tsx'

interface Opening {
  readonly api: () => void
  readonly documents: () => void
}

const context = createContext<Opening>({ api: () => {}, documents: () => {} })

/** Takes a document that is dropped anywhere on the page, and holds the dialog that imports it. */
export function ImportHost({ isOpen, children }: { isOpen: boolean; children: ReactNode }) {
  const may = useMay('apis.write')
  const [open, setOpen] = useState(isOpen && may)
  const [dropped, setDropped] = useState<File | null>(null)
  const [folder, setFolder] = useState<readonly File[] | null>(null)
  const isOver = useFileDrop(may, (files) => {
    const [file, another] = files
    const isInFolder = file === undefined || file.webkitRelativePath !== ''
    if (isInFolder || another || /\.(?:zip|md|markdown|txt)$/i.test(file.name)) setFolder(files)
    else {
      setDropped(file)
      setOpen(true)
    }
  })
  const change = (next: boolean) => {
    setOpen(next)
    if (!next) setDropped(null)
  }
  return (
    <context.Provider value={{ api: () => setOpen(true), documents: () => setFolder([]) }}>
      {children}
      {isOver && <DropHint>Drop an OpenAPI document, or the documents of a whole deployment</DropHint>}
      <ImportDialog open={open} onOpenChange={change} dropped={dropped} />
      <DocumentsDialog
        open={folder !== null}
        onOpenChange={(next) => !next && setFolder(null)}
        dropped={folder ?? []}
      />
    </context.Provider>
  )
}

/** Opens the import of a document. */
export function NewApiButton() {
  const open = useContext(context).api
  if (!useMay('apis.write')) return null
  return (
    <Button variant="primary" aria-haspopup="dialog" onClick={open}>
      <Plus aria-hidden />
      New API
    </Button>
  )
}

/** Opens the import of documents of any mix. */
export function ImportDocumentsButton() {
  const open = useContext(context).documents
  const may = [useMay('apis.write'), useMay('trust.write'), useMay('topology.write')]
  if (!may.every(Boolean)) return null
  return (
    <Button aria-haspopup="dialog" onClick={open}>
      <FolderInput aria-hidden />
      Import documents
    </Button>
  )
}
