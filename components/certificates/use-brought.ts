'use client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { asProblem, type ProblemError } from '../shell/problem-error.ts'
import { type Brought, broughtBy, type Content, isCertManagerDocument } from './files.ts'

/** A file or a text that somebody brought, as far as it was looked at. */
export interface Bringing<Found> {
  readonly name: string | null
  /** What to send; null before something was brought. */
  readonly content: Content | null
  readonly certManagerDocument: string | null
  /** What the server found in it; null while it is looked at and where it cannot be taken. */
  readonly found: Found | null
  readonly isLooking: boolean
  /** Why it cannot be taken. */
  readonly fault: string | null
  /** The file wants a password, also while one is tried. */
  readonly needsPassword: boolean
  /** What is wrong with the one that was given. */
  readonly passwordFault: string | null
  readonly problem: ProblemError | null
  readonly take: (files: readonly File[]) => void
  readonly takeText: (text: string) => void
  readonly open: (password: string) => void
  readonly clear: () => void
}

/** Takes files and has the server look at them before anything is done. */
export function useBrought<Found>(
  look: (content: Content) => Promise<Found>,
  onFound: (found: Found, brought: Brought) => void = () => undefined,
): Bringing<Found> {
  const [brought, setBrought] = useState<Brought | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  const looking = useMutation({
    mutationFn: ({ content }: Brought) => look(content),
    onSuccess: (found, seen) => onFound(found, seen),
  })
  const bring = (next: Brought | string) => {
    looking.reset()
    setRefusal(typeof next === 'string' ? next : null)
    setBrought(typeof next === 'string' ? null : next)
    if (typeof next !== 'string' && !isCertManagerDocument(next)) looking.mutate(next)
  }
  const problem = looking.error ? asProblem(looking.error) : null
  const passwordFault = problem?.faults.find(({ pointer }) => pointer.endsWith('/password'))?.detail ?? null
  return {
    name: brought?.name ?? null,
    content: brought?.content ?? null,
    certManagerDocument:
      brought && isCertManagerDocument(brought) && 'text' in brought.content ? brought.content.text : null,
    found: looking.data ?? null,
    isLooking: looking.isPending,
    fault: refusal ?? (problem && passwordFault === null ? faultOf(problem) : null),
    needsPassword: passwordFault !== null || (looking.isPending && brought?.content.password !== undefined),
    passwordFault,
    problem,
    take: (files) => void readAll(files).then(bring),
    takeText: (text) => bring({ name: 'pasted text', content: { text } }),
    open: (password) => {
      if (brought) bring({ ...brought, content: { ...brought.content, password } })
    },
    clear: () => {
      looking.reset()
      setBrought(null)
      setRefusal(null)
    },
  }
}

async function readAll(files: readonly File[]): Promise<Brought | string> {
  const given = files.map(async (file) => ({
    name: file.name,
    bytes: new Uint8Array(await file.arrayBuffer()),
  }))
  try {
    return broughtBy(await Promise.all(given))
  } catch {
    return 'The file cannot be read. Was it moved or changed meanwhile?'
  }
}

function faultOf({ faults, message }: ProblemError): string {
  const [first] = faults
  if (!first) return message
  // The text names its lines by itself where it can.
  const isNamed = first.line === undefined || first.detail.includes(`line ${first.line}`)
  return isNamed ? first.detail : `Line ${first.line}: ${first.detail}`
}
