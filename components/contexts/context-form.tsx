'use client'
import { Check } from 'lucide-react'
import { whyGreyCaIsOurs, whyNotIssued } from '#domain/context-fit.ts'
import { type NetworkClass, networkClasses } from '#domain/network.ts'
import type { AuthorityRecord, CertificateRecord } from '#domain/trust-record.ts'
import { runByLabel } from '../authorities/authority-fields.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { cn } from '../ui/class-names.ts'
import { Field, Label } from '../ui/field.tsx'
import { hexagonLook } from '#diagram/hexagon.ts'
import type { FaultAt } from '../ui/form-dialog.tsx'
import { Hexagon } from '../ui/hexagon.tsx'
import { Input } from '../ui/input.tsx'
import { Notice } from '../ui/notice.tsx'
import { Select } from '../ui/select.tsx'
import { DaysLeft } from './days-left.tsx'
import type { ContextDraft } from './queries.ts'

interface Props {
  draft: ContextDraft
  onDraft: (draft: ContextDraft) => void
  authorities: readonly AuthorityRecord[]
  certificates: readonly CertificateRecord[]
  now: Date
  faultAt: FaultAt
}

const none = 'none'
const classHint: Record<NetworkClass, string> = {
  'org-internal': 'inside the organisation’s own networks',
  'org-external': 'between the organisation and its own networks elsewhere',
  'non-org-external': 'with third parties, whose CA validates them',
}

/** What a context is: its class, the CAs that validate the far side, and the certificate that it is shown. */
export function ContextForm({ draft, onDraft, authorities, certificates, now, faultAt }: Props) {
  const set = (change: Partial<ContextDraft>) => onDraft({ ...draft, ...change })
  const showable = certificates.filter(({ kind, hasKey, kept }) => kind !== 'ca' && (hasKey || kept !== null))
  return (
    <>
      <Field label="Name" required error={faultAt('/name')}>
        {(control) => (
          <Input {...control} value={draft.name} onChange={({ target }) => set({ name: target.value })} />
        )}
      </Field>
      <ClassChoice value={draft.class} onChange={(cls) => set({ class: cls })} />
      <AuthorityChoice
        authorities={authorities}
        chosen={draft.authorityIds}
        now={now}
        fault={faultAt('/authorityIds')}
        onChange={(authorityIds) => set({ authorityIds })}
      />
      <Field
        label="Certificate that is shown"
        description="Issued by one of the CAs above. Without one, the context only validates."
        error={faultAt('/keystoreId')}
      >
        {(control) => (
          <Select
            {...control}
            value={draft.keystoreId ?? none}
            onValueChange={(value) => set({ keystoreId: value === none ? null : value })}
            options={[
              { value: none, label: 'None' },
              ...showable.map(({ id, name, kind, chain: [leaf] }) => ({
                value: id,
                label: name,
                hint: `${kind}, ${leaf ? `until ${leaf.notAfter.slice(0, 10)}` : 'requested'}`,
              })),
            ]}
          />
        )}
      </Field>
      <Fits draft={draft} authorities={authorities} certificates={certificates} />
    </>
  )
}

interface ClassProps {
  value: NetworkClass
  onChange: (value: NetworkClass) => void
}

function ClassChoice({ value, onChange }: ClassProps) {
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">Class</legend>
      <div className="grid gap-2 sm:grid-cols-3">
        {networkClasses.map((cls) => (
          <label
            key={cls}
            className={cn(
              'relative flex cursor-pointer flex-col gap-1 rounded-md border px-2.5 py-2 text-xs has-focus-visible:outline-2 has-focus-visible:outline-accent',
              cls === value ? 'border-accent bg-accent-soft' : 'border-line-2 hover:border-ink-3',
            )}
          >
            <input
              type="radio"
              name="class"
              className="sr-only"
              checked={cls === value}
              onChange={() => onChange(cls)}
            />
            <span className="flex items-center gap-2">
              <Hexagon trust={cls} />
              <span className="text-sm font-medium">{hexagonLook[cls].label}</span>
              {cls === value && <Check aria-hidden className="ml-auto size-3.5 text-accent" />}
            </span>
            <span className="text-ink-2">{classHint[cls]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

interface AuthorityProps {
  authorities: readonly AuthorityRecord[]
  chosen: readonly string[]
  now: Date
  fault: string | undefined
  onChange: (ids: readonly string[]) => void
}

function AuthorityChoice({ authorities, chosen, now, fault, onChange }: AuthorityProps) {
  return (
    <fieldset>
      <legend className="text-sm font-medium">
        Trusted CAs <span className="ml-1 text-2xs font-normal text-ink-3">required</span>
      </legend>
      <p className="mb-1 text-xs text-ink-3">Whoever shows a certificate of one of them gets in.</p>
      {authorities.length === 0 ? (
        <p className="text-sm text-ink-2">There is no CA yet. Add one first.</p>
      ) : (
        <ul className="max-h-56 divide-y divide-line overflow-y-auto rounded-md border border-line">
          {authorities.map(({ id, name, runBy, certificate }) => (
            <li key={id} className="flex flex-wrap items-center gap-x-2.5 gap-y-1 px-2.5 py-1.5">
              <Checkbox
                id={`ca-${id}`}
                checked={chosen.includes(id)}
                onCheckedChange={(on) =>
                  onChange(on === true ? [...chosen, id] : chosen.filter((each) => each !== id))
                }
              />
              <Label htmlFor={`ca-${id}`} className="min-w-0 flex-1">
                {name} <span className="text-xs font-normal text-ink-3">run by {runByLabel[runBy]}</span>
              </Label>
              <DaysLeft certificate={certificate} now={now} />
            </li>
          ))}
        </ul>
      )}
      {fault && (
        <p role="alert" className="mt-1 text-xs text-err">
          {fault}
        </p>
      )}
    </fieldset>
  )
}

/** What does not go together, said while it is chosen: the topology would say the same of it once it is saved. */
function Fits({ draft, authorities, certificates }: Pick<Props, 'draft' | 'authorities' | 'certificates'>) {
  const named = { name: draft.name.trim() || 'This context', class: draft.class }
  const chosen = authorities.filter(({ id }) => draft.authorityIds.includes(id))
  const keystore = certificates.find(({ id }) => id === draft.keystoreId)
  const issuers = authorities.map(({ certificate }) => certificate)
  const faults = [
    whyGreyCaIsOurs(named, chosen),
    keystore && chosen.length > 0 ? whyNotIssued(named, keystore, chosen, issuers) : null,
  ].filter((why) => why !== null)
  return faults.map((why) => (
    <Notice key={why} tone="err" alert title="These do not go together">
      {why}
    </Notice>
  ))
}
