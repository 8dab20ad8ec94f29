'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Download, Ellipsis } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx'
import { toast, toastProblem } from '../ui/toast.tsx'
import { certificateQueries, deleteCertificate, requestVersion } from './queries.ts'
import { TextDownload } from './text-download.tsx'

/** What else can be done with a certificate: download what is public, ask a CA, delete. */
export function CertificateActions({
  certificate,
  mayWrite,
}: {
  certificate: CertificateRecord
  mayWrite: boolean
}) {
  const [isDeleting, setDeleting] = useState(false)
  const client = useQueryClient()
  const requesting = useMutation({
    mutationFn: () => requestVersion(certificate),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: certificateQueries.all })
      toast.success('A key and a request are made', {
        description: 'What is shown stays until it is signed.',
      })
    },
    onError: (error) => toastProblem(asProblem(error)),
  })
  const { pem, name, chain, request, kept } = certificate
  return (
    <>
      {pem !== '' && (
        <TextDownload text={pem} file={`${name}.pem`}>
          <Download aria-hidden />
          Public PEM
        </TextDownload>
      )}
      {mayWrite && (
        <Menu>
          <MenuTrigger asChild>
            <Button size="icon" aria-label={`More of ${name}`} busy={requesting.isPending}>
              <Ellipsis aria-hidden />
            </Button>
          </MenuTrigger>
          <MenuContent>
            {kept === null && (
              <MenuItem
                disabled={chain.length === 0 || request !== null}
                onSelect={() => requesting.mutate()}
              >
                Make a key and a request
              </MenuItem>
            )}
            <MenuItem danger onSelect={() => setDeleting(true)}>
              Delete
            </MenuItem>
          </MenuContent>
        </Menu>
      )}
      {isDeleting && <Confirm certificate={certificate} close={() => setDeleting(false)} />}
    </>
  )
}

function Confirm({ certificate, close }: { certificate: CertificateRecord; close: () => void }) {
  const router = useRouter()
  const client = useQueryClient()
  const { name, usedBy } = certificate
  const isUsed = usedBy.length > 0
  return (
    <FormDialog
      size="sm"
      title={`Delete ${name}?`}
      description={
        isUsed
          ? `${usedBy.map((use) => use.name).join(', ')} ${usedBy.length === 1 ? 'shows' : 'show'} it. Give them another one first.`
          : 'Every version goes with its key.'
      }
      submit={isUsed ? null : 'Delete'}
      cancel="Keep it"
      danger
      save={() => deleteCertificate(certificate)}
      onSaved={() => {
        router.push('/certificates')
        void client.invalidateQueries({ queryKey: certificateQueries.expiries().queryKey })
      }}
      onClose={close}
    >
      {() => (
        <p className="text-sm text-ink-2">
          {isUsed ? 'Nothing is deleted while something needs it.' : 'This cannot be undone.'}
        </p>
      )}
    </FormDialog>
  )
}
