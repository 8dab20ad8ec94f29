'use client'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { ImportSource } from '#domain/catalog.ts'
import { decodeText } from '#domain/text-encoding.ts'
import { Dialog, DialogContent } from '../ui/dialog.tsx'
import { ImportForm } from './import-form.tsx'
import { ImportSourceTabs } from './import-source.tsx'
import { previewImport } from './queries.ts'

interface Props {
  open: boolean
  onOpenChange: (open: boolean) => void
  /** A file that was dropped on the page; it is read at once. */
  dropped: File | null
}

/** Imports an OpenAPI document: where it comes from, what it would do, done. */
export function ImportDialog({ open, onOpenChange, dropped }: Props) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      {open && <Content key={dropped?.name ?? ''} dropped={dropped} close={() => onOpenChange(false)} />}
    </Dialog>
  )
}

// Checked here too, so that nobody waits for an upload that is refused.
const bytesMax = 52_000_000

function Content({ dropped, close }: { dropped: File | null; close: () => void }) {
  const [text, setText] = useState('')
  const [fileProblem, setFileProblem] = useState<string | null>(null)
  const preview = useMutation({
    mutationFn: async (source: ImportSource) => ({ source, found: await previewImport(source) }),
  })
  const readFile = async (file: File) => {
    setFileProblem(null)
    preview.reset()
    const read = file.size > bytesMax ? null : decodeText(new Uint8Array(await file.arrayBuffer()))
    if (read === null) {
      setFileProblem(
        file.size > bytesMax
          ? `${file.name} has ${file.size.toLocaleString('en')} bytes; ${bytesMax.toLocaleString('en')} are taken at most.`
          : `${file.name} is text neither in UTF-8 nor in UTF-16.`,
      )
      return
    }
    setText(read)
    preview.mutate({ text: read })
  }
  // The dropped file is read once, when the dialog opens for it.
  const taken = useRef<File | null>(null)
  useEffect(() => {
    if (dropped === null || taken.current === dropped) return
    taken.current = dropped
    void readFile(dropped)
  })
  if (preview.data) {
    const { source, found } = preview.data
    return <ImportForm source={source} preview={found} close={close} back={preview.reset} />
  }
  return (
    <DialogContent
      title="New API"
      description="From an OpenAPI 3.0 or 3.1 document, or Swagger 2.0, in YAML or JSON."
      size="lg"
    >
      <ImportSourceTabs
        text={text}
        setText={setText}
        onFile={(file) => void readFile(file)}
        onSource={preview.mutate}
        isReading={preview.isPending}
        error={preview.error}
        fileProblem={fileProblem}
      />
    </DialogContent>
  )
}
