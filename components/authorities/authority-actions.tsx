'use client'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { AuthorityRecord } from '#domain/trust-record.ts'
import { daysIn, DaysField } from '../certificates/days-field.tsx'
import { TrustDialog } from '../contexts/trust-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { CodeLine } from '../ui/code-line.tsx'
import { Dialog, DialogClose, DialogContent } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Select } from '../ui/select.tsx'
import { toast } from '../ui/toast.tsx'
import { AuthorityFields, authorityFields } from './authority-fields.tsx'
import { PemField } from './pem-field.tsx'
import { type AuthorityDraft, removeAuthority, saveAuthority, type Signing, signRequest } from './queries.ts'

/** Renames a CA, or says who runs it. */
export function EditAuthority({ authority, onClose }: { authority: AuthorityRecord; onClose: () => void }) {
  const [draft, setDraft] = useState<AuthorityDraft>({ name: authority.name, runBy: authority.runBy })
  return (
    <TrustDialog
      title={`Edit ${authority.name}`}
      description="Its certificate stays: another certificate is another CA."
      submit="Save"
      fields={authorityFields}
      disabled={draft.name.trim() === ''}
      save={() => saveAuthority(draft, authority)}
      onSaved={({ name }) => {
        toast.success(`${name} is saved`)
        onClose()
      }}
      onClose={onClose}
    >
      {(faultAt) => <AuthorityFields draft={draft} onDraft={setDraft} faultAt={faultAt} />}
    </TrustDialog>
  )
}

export function DeleteAuthority({ authority, onClose }: { authority: AuthorityRecord; onClose: () => void }) {
  const router = useRouter()
  return (
    <TrustDialog
      title={`Delete ${authority.name}?`}
      submit={`Delete ${authority.name}`}
      danger
      size="sm"
      save={() => removeAuthority(authority)}
      onSaved={() => {
        toast.success(`${authority.name} is deleted`)
        router.push('/authorities')
      }}
      onClose={onClose}
    >
      {() => (
        <p className="text-sm text-ink-2">
          {authority.canIssue
            ? 'Its key is destroyed with it, and nothing is issued by it any more. '
            : 'Its certificate is forgotten. '}
          This cannot be undone.
        </p>
      )}
    </TrustDialog>
  )
}

const kinds = [
  { value: 'client', label: 'client', hint: 'shown to servers' },
  { value: 'server', label: 'server', hint: 'shown to clients' },
] as const

/** Signs what somebody else asks for; their key stays with them. */
export function SignRequest({ authority, onClose }: { authority: AuthorityRecord; onClose: () => void }) {
  const [signing, setSigning] = useState<Omit<Signing, 'lifetimeDays'>>({ csr: '', kind: 'client' })
  const [days, setDays] = useState('90')
  const [pem, setPem] = useState<string | null>(null)
  const lifetimeDays = daysIn(days)
  if (pem !== null) return <Signed pem={pem} onClose={onClose} />
  const set = (change: Partial<typeof signing>) => setSigning({ ...signing, ...change })
  return (
    <TrustDialog
      title={`Sign a request by ${authority.name}`}
      description="Whoever made it keeps the key; what you give back is the certificate."
      submit="Sign"
      fields={['/csr', '/kind', '/lifetimeDays']}
      disabled={signing.csr.trim() === '' || !(lifetimeDays > 0)}
      save={() => signRequest({ id: authority.id, ...signing, lifetimeDays })}
      onSaved={(signed) => setPem(signed.pem)}
      onClose={onClose}
    >
      {(faultAt) => (
        <>
          <PemField
            label="Request"
            description="PKCS#10 in PEM form. The names that it asks for are the names that it gets."
            placeholder="-----BEGIN CERTIFICATE REQUEST-----"
            value={signing.csr}
            onChange={(csr) => set({ csr })}
            error={faultAt('/csr')}
          />
          <div className="grid grid-cols-2 gap-3">
            <Field label="For a" error={faultAt('/kind')}>
              {(control) => (
                <Select
                  {...control}
                  value={signing.kind}
                  onValueChange={(value) => set({ kind: value === 'server' ? 'server' : 'client' })}
                  options={kinds}
                />
              )}
            </Field>
            <DaysField
              label="Valid for (days)"
              text={days}
              setText={setDays}
              error={faultAt('/lifetimeDays')}
            />
          </div>
        </>
      )}
    </TrustDialog>
  )
}

function Signed({ pem, onClose }: { pem: string; onClose: () => void }) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        title="The certificate, with its chain"
        description="Give it to whoever made the request. It is not kept here."
        footer={
          <>
            <DownloadPem name="certificate" pem={pem} />
            <DialogClose asChild>
              <Button variant="primary">Done</Button>
            </DialogClose>
          </>
        }
      >
        <CodeLine text={pem} label="Copy certificate" wrap />
      </DialogContent>
    </Dialog>
  )
}

/** Certificates as a file. */
export function DownloadPem({ name, pem }: { name: string; pem: string }) {
  return (
    <Button asChild>
      <a
        href={`data:application/x-pem-file,${encodeURIComponent(pem)}`}
        download={`${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.pem`}
      >
        Download PEM
      </a>
    </Button>
  )
}
