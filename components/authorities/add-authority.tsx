'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { refreshTrust, TrustDialog } from '../contexts/trust-dialog.tsx'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { toast, toastProblem } from '../ui/toast.tsx'
import { AuthorityFields, authorityFields } from './authority-fields.tsx'
import { PemField } from './pem-field.tsx'
import { type AuthorityDraft, importAuthority, makeDevelopmentAuthority } from './queries.ts'

/** Makes a root and an intermediate for development; where there are some already, leads to them. */
export function DevelopmentAuthorityButton({ variant }: { variant?: 'primary' }) {
  const client = useQueryClient()
  const making = useMutation({
    mutationFn: makeDevelopmentAuthority,
    onSuccess: async ({ root, issuing }) => {
      await refreshTrust(client)
      toast.success(`${root.name} and ${issuing.name} are ready to issue`)
    },
    onError: (error) => toastProblem(asProblem(error)),
  })
  return (
    <Button {...(variant ? { variant } : {})} busy={making.isPending} onClick={() => making.mutate()}>
      Make a development CA
    </Button>
  )
}

export function ImportAuthorityButton({ variant }: { variant?: 'primary' }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button {...(variant ? { variant } : {})} aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Import CA
      </Button>
      {isOpen && <ImportAuthority onClose={() => setOpen(false)} />}
    </>
  )
}

function ImportAuthority({ onClose }: { onClose: () => void }) {
  const router = useRouter()
  const [draft, setDraft] = useState<AuthorityDraft>({ name: '', runBy: 'organisation' })
  const [text, setText] = useState('')
  return (
    <TrustDialog
      title="Import CA"
      description="Contexts can trust it then. With its key it issues here as well; the key never leaves the portal."
      submit="Import CA"
      fields={[...authorityFields, '/content']}
      disabled={draft.name.trim() === '' || text.trim() === ''}
      save={() => importAuthority({ ...draft, content: { text } })}
      onSaved={({ id, name }) => {
        toast.success(`${name} is added`)
        onClose()
        router.push(`/authorities/${id}`)
      }}
      onClose={onClose}
    >
      {(faultAt) => (
        <>
          <AuthorityFields draft={draft} onDraft={setDraft} faultAt={faultAt} />
          <PemField
            label="Certificate"
            description="PEM, one certificate; its private key may stand behind it."
            placeholder="-----BEGIN CERTIFICATE-----"
            value={text}
            onChange={setText}
            error={faultAt('/content')}
          />
        </>
      )}
    </TrustDialog>
  )
}
