import type { DiffLine } from '#domain/deployment.ts'
import { cn } from './class-names.ts'

const looks: Record<DiffLine['sign'], { mark: string; look: string; word: string }> = {
  same: { mark: ' ', look: '', word: '' },
  added: { mark: '+', look: 'bg-ok-soft', word: 'added: ' },
  removed: { mark: '-', look: 'bg-err-soft', word: 'removed: ' },
  gap: { mark: ' ', look: 'text-ink-3', word: '' },
}

/** A textual difference, line by line; each line says its sign in words too. */
export function DiffLines({ lines, label }: { lines: readonly DiffLine[]; label: string }) {
  return (
    <div
      role="region"
      aria-label={label}
      // Scrollable regions must be reachable by keyboard.
      tabIndex={0}
      className="overflow-x-auto rounded-md border border-line bg-panel py-2 font-mono text-xs"
    >
      <div className="w-max min-w-full">
        {lines.map(({ sign, text }, index) => (
          <div key={index} className={cn('px-3 whitespace-pre', looks[sign].look)}>
            <span aria-hidden className="mr-3 text-ink-3 select-none">
              {looks[sign].mark}
            </span>
            {looks[sign].word && <span className="sr-only">{looks[sign].word}</span>}
            {text}
          </div>
        ))}
      </div>
    </div>
  )
}
