'use client'
import { FileUp } from 'lucide-react'
import { type ReactNode, useEffect, useEffectEvent, useState } from 'react'
import { droppedFiles } from './dropped-files.ts'
import { toast } from './toast.tsx'

/** Lies over the page while a file hovers over it. */
export function DropHint({ children }: { children: ReactNode }) {
  return (
    <div className="pointer-events-none fixed inset-3 z-[1150] flex items-center justify-center rounded-xl border-2 border-dashed border-accent bg-accent-soft/90">
      <p className="flex items-center gap-2 text-lg font-semibold text-accent">
        <FileUp aria-hidden className="size-5" />
        {children}
      </p>
    </div>
  )
}

/** Whether a file hovers over the page; those that are dropped, also in folders, are handed over. Dragged texts or links are left alone. */
export function useFileDrop(enabled: boolean, onFiles: (files: readonly File[]) => void): boolean {
  const [isOver, setOver] = useState(false)
  const dropped = useEffectEvent(onFiles)
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
      if (event.dataTransfer === null) return
      droppedFiles(event.dataTransfer).then(dropped, (error: unknown) =>
        toast.error('What was dropped cannot be read', {
          description: error instanceof Error ? error.message : String(error),
        }),
      )
    }
    window.addEventListener('dragover', over, { signal })
    window.addEventListener('dragleave', leave, { signal })
    window.addEventListener('drop', drop, { signal })
    return () => controller.abort()
  }, [enabled])
  return isOver && enabled
}
