'use client'
import { useState } from 'react'
import type { CertificateKind } from '#domain/certificate.ts'
import type { ProblemError } from '../shell/problem-error.ts'
import { faultAt } from '../ui/form-dialog.tsx'
import { EntryFields } from './entry-fields.tsx'
import { NamesField, namesIn } from './names-field.tsx'

/** Days for which a certificate is asked where nobody says otherwise. */
export const usualDays = 90

/** What is said of a certificate before it is made, as it is typed. */
export function useEntry() {
  const [name, setName] = useState('')
  const [kind, setKind] = useState<Exclude<CertificateKind, 'ca'>>('server')
  const [text, setText] = useState('')
  return {
    name,
    setName,
    kind,
    setKind,
    text,
    setText,
    wish: { name: name.trim(), kind, names: namesIn(text) },
  }
}

interface Props {
  entry: ReturnType<typeof useEntry>
  problem: ProblemError | null
}

/** Its name here, what it is for, and the names that it is to have. */
export function EntryWithNames({ entry, problem }: Props) {
  const { name, setName, kind, setKind, text, setText } = entry
  return (
    <>
      <EntryFields
        name={name}
        setName={setName}
        kind={kind}
        setKind={(next) => setKind(next === 'client' ? 'client' : 'server')}
        problem={problem}
      />
      <NamesField
        text={text}
        setText={setText}
        error={faultAt(problem, '/names')}
        required={kind === 'server'}
      />
    </>
  )
}
