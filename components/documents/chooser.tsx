'use client'
import { useRef } from 'react'
import { Button } from '../ui/button.tsx'

/** Buttons that hand over files, an archive or a folder. */
export function Chooser({ onFiles, isReading }: { onFiles: (files: File[]) => void; isReading: boolean }) {
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const input = { type: 'file', multiple: true, className: 'sr-only', tabIndex: -1 } as const
  const given = (element: HTMLInputElement) => {
    const chosen = [...(element.files ?? [])]
    // The same files can be chosen again once they are mended.
    element.value = ''
    if (chosen.length > 0) onFiles(chosen)
  }
  return (
    <div className="flex gap-2">
      <input
        {...input}
        ref={files}
        aria-label="Documents"
        accept=".yaml,.yml,.json,.md,.txt,.zip"
        onChange={(event) => given(event.currentTarget)}
      />
      <input
        {...input}
        ref={folder}
        aria-label="Folder of documents"
        {...{ webkitdirectory: '' }}
        onChange={(event) => given(event.currentTarget)}
      />
      <Button busy={isReading} onClick={() => files.current?.click()}>
        Choose files or a ZIP
      </Button>
      <Button busy={isReading} onClick={() => folder.current?.click()}>
        Choose a folder
      </Button>
    </div>
  )
}
