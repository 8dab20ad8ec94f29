'use client'
import { ChevronRight } from 'lucide-react'
import { type ReactNode, useId, useState } from 'react'
import { pointerOf } from '#domain/json-pointer.ts'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/class-names.ts'
import { ContextField } from './context-field.tsx'
import { countWithin, faultAt } from './field-faults.ts'
import type { FieldPart, FormPart } from './form-part.ts'
import { type FormField, type FormMember, isGroup, isUnwritten, withMember } from './form-schema.ts'
import { ListField } from './list-field.tsx'
import { BooleanField, ChoiceField, NumberField, TextField } from './plain-fields.tsx'

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
    (sum, { key }) => sum + countWithin(part.faults, part.pointer + pointerOf([key])),
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
      pointer={pointer + pointerOf([key])}
      value={isGroup(value) ? value[key] : undefined}
      onChange={(next) => onChange(withMember(value, key, next))}
      faults={faults}
      readOnly={readOnly}
    />
  )
}

/** One field of a form, by its type. Groups and lists hold fields again, which is why both are drawn here. */
function SchemaField({ field, ...part }: FieldPart) {
  switch (field.type) {
    case 'text':
      return <TextField field={field} {...part} />
    case 'reference':
      return <ContextField field={field} {...part} />
    case 'number':
      return <NumberField field={field} {...part} />
    case 'boolean':
      return <BooleanField field={field} {...part} />
    case 'choice':
      return <ChoiceField field={field} {...part} />
    case 'list':
      return (
        <ListField field={field} {...part}>
          {(row, remove) => <Row part={row} remove={remove} />}
        </ListField>
      )
    case 'group':
      return <GroupField field={field} {...part} />
    case 'other':
      return <p className="text-xs text-ink-3">{field.title}: this part has no form. Edit it as YAML.</p>
  }
}

function GroupField({ field, ...part }: FieldPart<'group'>) {
  const id = useId()
  const error = faultAt(part.faults, part.pointer)
  const isOptional = !field.required && field.default === undefined
  const mayEmpty = isOptional && !part.readOnly && part.value !== undefined
  const onChange = (value: unknown) =>
    part.onChange(isOptional && isGroup(value) && isUnwritten(value) ? undefined : value)
  return (
    <fieldset className="flex flex-col gap-2" aria-describedby={error ? `${id}-error` : undefined}>
      <legend className="mb-1 text-sm font-medium">{field.title}</legend>
      {field.description && <p className="text-xs text-ink-3">{field.description}</p>}
      <div className="rounded-md border border-line p-3">
        <SchemaForm field={field} {...part} onChange={onChange} />
      </div>
      {/* A choice in it cannot be emptied by itself. */}
      {mayEmpty && (
        <Button
          size="sm"
          variant="ghost"
          className="-ml-2 self-start"
          onClick={() => part.onChange(undefined)}
        >
          Leave out {field.title.toLowerCase()}
        </Button>
      )}
      {error && (
        <p id={`${id}-error`} role="alert" className="text-xs text-err">
          {error}
        </p>
      )}
    </fieldset>
  )
}

function Row({ part: { field, ...part }, remove }: { part: FieldPart; remove: ReactNode }) {
  if (field.type !== 'group') {
    return (
      <div className="flex items-start gap-1">
        <div className="min-w-0 flex-1 [&_label]:sr-only">
          <SchemaField field={field} {...part} />
        </div>
        <span className="pt-1">{remove}</span>
      </div>
    )
  }
  const small = field.members.filter((member) => !member.field.hidden).length <= 2
  return (
    <div className="relative rounded-md border border-line p-3">
      {remove && <span className="absolute top-1.5 right-1.5 z-10">{remove}</span>}
      <div className={cn(small && remove && 'pr-7')}>
        <SchemaForm field={field} {...part} />
      </div>
    </div>
  )
}
