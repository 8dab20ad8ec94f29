'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CheckCheck, MessageSquare, RotateCcw } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { Thread, ThreadSubject } from '#domain/review.ts'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/class-names.ts'
import { ProblemPanel } from '../ui/problem-panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { Textarea } from '../ui/textarea.tsx'
import { addComment, beginThread, reviewQueries, settleThread } from './queries.ts'

interface Props {
  subject: Pick<ThreadSubject, 'kind' | 'id'>
  /** Nothing is said about what is past. */
  readOnly?: boolean
}

/** The comments on one leg or finding, and a place for another. */
export function SubjectThreads({ subject, readOnly = false }: Props) {
  const { data: threads = [] } = useQuery({ ...reviewQueries.threads(), enabled: useMay('reviews.read') })
  const own = threads.filter(({ subject: { kind, id } }) => kind === subject.kind && id === subject.id)
  return (
    <div className="flex flex-col gap-2">
      {own.map((thread) => (
        <ThreadCard key={thread.id} thread={thread} readOnly={readOnly} />
      ))}
      {!readOnly && <Write label="Comment" send={(text) => beginThread(subject, text)} />}
      {readOnly && own.length === 0 && <p className="text-sm text-ink-3">Nobody has said anything.</p>}
    </div>
  )
}

/** The same under a finding: a word until somebody wants to say or read something. */
export function FindingThreads({ findingId, readOnly = false }: { findingId: string; readOnly?: boolean }) {
  const [open, setOpen] = useState(false)
  const mayWrite = useMay('reviews.write')
  const { data: threads = [] } = useQuery({ ...reviewQueries.threads(), enabled: useMay('reviews.read') })
  const own = threads.filter(({ subject: { kind, id } }) => kind === 'finding' && id === findingId)
  const count = own.reduce((sum, { comments }) => sum + comments.length, 0)
  if (count === 0 && (readOnly || !mayWrite)) return null
  return (
    <div className="mt-1">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="inline-flex items-center gap-1 rounded-sm text-xs text-ink-3 hover:text-accent"
      >
        <MessageSquare aria-hidden className="size-3" />
        {count === 0 ? 'Comment' : `${count} ${count === 1 ? 'comment' : 'comments'}`}
      </button>
      {open && (
        <div className="mt-1.5">
          <SubjectThreads subject={{ kind: 'finding', id: findingId }} readOnly={readOnly} />
        </div>
      )}
    </div>
  )
}

/** One thread: who said what when, answers, and whether it is settled. */
export function ThreadCard({ thread, readOnly = false }: { thread: Thread; readOnly?: boolean }) {
  const client = useQueryClient()
  const mayWrite = useMay('reviews.write') && !readOnly
  const settled = thread.resolvedAt !== null
  const settle = useMutation({
    mutationFn: () => settleThread(thread.id, !settled),
    onSuccess: () => client.invalidateQueries({ queryKey: reviewQueries.all }),
  })
  return (
    <div className={cn('rounded-md border border-line bg-panel px-3 py-2', settled && 'bg-canvas')}>
      <ul className="flex flex-col gap-2">
        {thread.comments.map(({ id, text, at, author }) => (
          <li key={id}>
            <p className="text-xs text-ink-3">
              <b className="font-medium text-ink">{author}</b> <RelativeTime at={at} />
            </p>
            <p className="text-sm break-words whitespace-pre-line">{text}</p>
          </li>
        ))}
      </ul>
      {settled && (
        <p className="mt-1.5 flex items-center gap-1 text-xs text-ok">
          <CheckCheck aria-hidden className="size-3.5" />
          settled by {thread.resolvedBy}
        </p>
      )}
      {settle.error && <ProblemPanel problem={asProblem(settle.error)} className="mt-2" />}
      {mayWrite && (
        <div className="mt-2 flex flex-col gap-2">
          {!settled && <Write label="Reply" send={(text) => addComment(thread.id, text)} small />}
          <Button size="sm" className="self-start" busy={settle.isPending} onClick={() => settle.mutate()}>
            {settled ? <RotateCcw aria-hidden /> : <CheckCheck aria-hidden />}
            {settled ? 'Reopen' : 'Settle'}
          </Button>
        </div>
      )}
    </div>
  )
}

interface WriteProps {
  label: string
  send: (text: string) => Promise<unknown>
  small?: boolean
}

function Write({ label, send, small = false }: WriteProps) {
  const client = useQueryClient()
  const mayWrite = useMay('reviews.write')
  const [text, setText] = useState('')
  const write = useMutation({
    mutationFn: () => send(text.trim()),
    onSuccess: async () => {
      setText('')
      await client.invalidateQueries({ queryKey: reviewQueries.all })
    },
  })
  if (!mayWrite) return null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() !== '') write.mutate()
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-1.5">
      <Textarea
        aria-label={label}
        placeholder={label}
        rows={small ? 1 : 2}
        maxLength={4_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="text-sm"
      />
      {write.error && <ProblemPanel problem={asProblem(write.error)} />}
      {text.trim() !== '' && (
        <Button type="submit" size="sm" variant="primary" className="self-start" busy={write.isPending}>
          {label}
        </Button>
      )}
    </form>
  )
}
