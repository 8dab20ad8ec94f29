'use client'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'
import { Notice } from './notice.tsx'

/** As much of a problem document as is shown. */
export interface ShownProblem {
  title: string
  message: string
  faults?: readonly { pointer: string; detail: string; line?: number | undefined }[]
  requestId?: string | undefined
}

interface Props {
  problem: ShownProblem
  onRetry?: () => void
  className?: string
}

/** What went wrong in the server's words: title, detail, where, and the id that finds it in the log. */
export function ProblemPanel({ problem, onRetry, className }: Props) {
  const { title, message, faults = [], requestId } = problem
  return (
    <Notice
      tone="err"
      alert
      title={title}
      {...(className ? { className } : {})}
      actions={
        onRetry && (
          <Button size="sm" onClick={onRetry}>
            Try again
          </Button>
        )
      }
    >
      {message}
      {faults.length > 0 && (
        <ul className="mt-1.5 flex flex-col gap-0.5">
          {faults.map((fault) => (
            <li key={`${fault.pointer}${fault.detail}`} className="font-mono text-xs break-words">
              {fault.line !== undefined && `line ${fault.line}, `}
              {fault.pointer || '/'}: {fault.detail}
            </li>
          ))}
        </ul>
      )}
      {requestId && (
        <div className="mt-1 flex items-center gap-1 text-xs text-ink-3">
          Request <span className="font-mono">{requestId}</span>
          <CopyButton text={requestId} label="Copy request id" />
        </div>
      )}
    </Notice>
  )
}
