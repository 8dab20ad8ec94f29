'use client'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { countWithin, type FieldFault } from './field-faults.ts'
import type { FormField, FormMember } from './form-schema.ts'
import { SchemaField } from './schema-field.tsx'
import { escapePointer, isGroup, withMember } from './form-schema.ts'

export interface FormPart {
  /** From the configuration's root. */
  pointer: string
  value: unknown
  onChange: (value: unknown) => void
  faults: readonly FieldFault[]
  readOnly: boolean
}

/** A form drawn from a schema: what is required and usual, then the rest folded away. */
export function SchemaForm({ field, ...part }: FormPart & { field: FormField & { type: 'group' } }) {
  const shown = field.members.filter((member) => !member.field.hidden)
  const usual = shown.filter((member) => !member.field.advanced)
  const advanced = shown.filter((member) => member.field.advanced)
  return (
    <div className="flex flex-col gap-4">
      {usual.map((member) => (
        <Member key={member.key} member={member} part={part} />
      ))}
      {advanced.length > 0 && <Advanced members={advanced} part={part} />}
    </div>
  )
}

function Advanced({ members, part }: { members: readonly FormMember[]; part: FormPart }) {
  const [open, setOpen] = useState(false)
  const faults = members.reduce(
    (sum, { key }) => sum + countWithin(part.faults, `${part.pointer}/${escapePointer(key)}`),
    0,
  )
  const shown = open || faults > 0
  return (
    <div className="flex flex-col gap-4">
      <button
        type="button"
        aria-expanded={shown}
        onClick={() => setOpen(!open)}
        className="flex items-center gap-1 self-start rounded-sm text-xs font-medium text-ink-2 hover:text-ink"
      >
        <ChevronRight aria-hidden className={shown ? 'size-3.5 rotate-90' : 'size-3.5'} />
        Advanced
      </button>
      {shown && members.map((member) => <Member key={member.key} member={member} part={part} />)}
    </div>
  )
}

function Member({ member: { key, field }, part }: { member: FormMember; part: FormPart }) {
  const { pointer, value, onChange, faults, readOnly } = part
  return (
    <SchemaField
      name={key}
      field={field}
      pointer={`${pointer}/${escapePointer(key)}`}
      value={isGroup(value) ? value[key] : undefined}
      onChange={(next) => onChange(withMember(value, key, next))}
      faults={faults}
      readOnly={readOnly}
    />
  )
}
