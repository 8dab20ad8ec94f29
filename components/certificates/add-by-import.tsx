'use client'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { CertificateKind } from '#domain/certificate.ts'
import type { ProblemError } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { FormProblem } from '../ui/form-dialog.tsx'
import { Notice } from '../ui/notice.tsx'
import { BroughtFacts } from './brought-facts.tsx'
import { ContentField } from './content-field.tsx'
import { EntryFields } from './entry-fields.tsx'
import { nameFrom } from './files.ts'
import { checkContent, type NewCertificate } from './queries.ts'
import { useBrought } from './use-brought.ts'

export interface AddForm {
  add: (wanted: NewCertificate) => void
  isAdding: boolean
  problem: ProblemError | null
}

/** A certificate that there is: dropped, looked at, named, taken. */
export function AddByImport({ add, isAdding, problem, dropped }: AddForm & { dropped: readonly File[] }) {
  const [name, setName] = useState('')
  const [kind, setKind] = useState<CertificateKind>('server')
  const bringing = useBrought(checkContent, (found, brought) => {
    setKind(found.kind)
    if (name === '') setName(nameFrom(brought.name))
  })
  const { content, found, certManagerDocument } = bringing
  useDropped(dropped, bringing.take)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (certManagerDocument !== null) add({ source: 'cert-manager', document: certManagerDocument })
    else if (content) add({ source: 'import', name: name.trim(), kind, content })
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      <ContentField
        bringing={bringing}
        label="Certificate and key"
        hint="PEM in one file or two, PKCS#12, or a Secret of Kubernetes as YAML"
      >
        {found && <BroughtFacts chain={found.chain} hasKey={found.hasKey} />}
      </ContentField>
      {found && !found.hasKey && (
        <Notice tone="warn" title="It comes without its private key">
          It can be watched over; contexts can show it only once its key is here. Drop both files together.
        </Notice>
      )}
      {certManagerDocument !== null && (
        <Notice tone="info" title="A Certificate of cert-manager">
          Its name, usages and renewal are taken from the document. Certificates come by its Secret, which you
          drop on its page.
        </Notice>
      )}
      {found && (
        <EntryFields
          name={name}
          setName={setName}
          kind={kind}
          setKind={setKind}
          isCaPossible
          problem={problem}
        />
      )}
      <FormProblem problem={problem} fields={['/name', '/kind']} />
      <div className="flex justify-end">
        <Button
          type="submit"
          variant="primary"
          busy={isAdding}
          disabled={found === null && certManagerDocument === null}
        >
          Import
        </Button>
      </div>
    </form>
  )
}

// What was dropped on the page is read once, when the dialog opens for it.
function useDropped(dropped: readonly File[], take: (files: readonly File[]) => void): void {
  const taken = useRef<readonly File[]>([])
  useEffect(() => {
    if (dropped.length === 0 || taken.current === dropped) return
    taken.current = dropped
    take(dropped)
  })
}
