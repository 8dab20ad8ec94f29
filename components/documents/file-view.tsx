'use client'
import { Download } from 'lucide-react'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { keep } from '../ui/keep-file.ts'

interface TextFile {
  readonly name: string
  readonly text: string
}

/** A text file to read, copy and take along. */
export function FileView({ file }: { file: TextFile }) {
  return (
    <div className="overflow-hidden rounded-md border border-line-2">
      <div className="flex items-center gap-2 border-b border-line bg-canvas px-2.5 py-1">
        <span className="min-w-0 flex-1 truncate font-mono text-xs">{file.name}</span>
        <CopyButton text={file.text} label={`Copy ${file.name}`} />
        <Button
          size="icon-sm"
          variant="ghost"
          aria-label={`Download ${file.name}`}
          onClick={() => keepText(file)}
        >
          <Download aria-hidden />
        </Button>
      </div>
      <pre tabIndex={0} aria-label={file.name} className="max-h-96 overflow-auto px-3 py-2 font-mono text-xs">
        {file.text}
      </pre>
    </div>
  )
}

export function keepText({ name, text }: TextFile): void {
  keep(new Blob([text], { type: 'text/plain;charset=utf-8' }), name)
}
