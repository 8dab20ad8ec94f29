'use client'
import { useId, useState } from 'react'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { Select } from '../ui/select.tsx'
import { Switch } from '../ui/switch.tsx'
import { faultAt } from './field-faults.ts'
import { durationWords, type FormField, typedNumber } from './form-schema.ts'
import { ListField } from './list-field.tsx'
import { type FormPart, SchemaForm } from './schema-form.tsx'

interface Props extends FormPart {
  /** The member's name in the configuration. */
  name: string
  field: FormField
}

/** One field of a form, by its type. */
export function SchemaField({ field, ...props }: Props) {
  switch (field.type) {
    case 'text':
      return <TextField field={field} {...props} />
    case 'number':
      return <NumberField field={field} {...props} />
    case 'boolean':
      return <BooleanField field={field} {...props} />
    case 'choice':
      return <ChoiceField field={field} {...props} />
    case 'list':
      return <ListField field={field} {...props} />
    case 'group':
      return (
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 text-sm font-medium">{field.title}</legend>
          {field.description && <p className="text-xs text-ink-3">{field.description}</p>}
          <div className="rounded-md border border-line p-3">
            <SchemaForm field={field} {...props} />
          </div>
        </fieldset>
      )
    case 'other':
      return <p className="text-xs text-ink-3">{field.title}: this part has no form. Edit it as YAML.</p>
  }
}

type Typed<T extends FormField['type']> = Omit<Props, 'field'> & { field: FormField & { type: T } }

function wordsOf(field: FormField, faults: Props['faults'], pointer: string) {
  return {
    label: field.title,
    description: field.description ?? undefined,
    required: field.required,
    error: faultAt(faults, pointer),
  }
}

function TextField({ name, field, pointer, value, onChange, faults, readOnly }: Typed<'text'>) {
  const listId = useId()
  const examples = field.examples.filter((example) => typeof example === 'string')
  return (
    <Field {...wordsOf(field, faults, pointer)}>
      {(control) => (
        <>
          <Input
            {...control}
            name={name}
            data-pointer={pointer}
            list={examples.length > 0 ? listId : undefined}
            placeholder={examples[0]}
            value={typeof value === 'string' ? value : String(value ?? '')}
            onChange={(event) => onChange(event.target.value)}
            readOnly={readOnly}
            spellCheck={false}
          />
          {examples.length > 0 && (
            <datalist id={listId}>
              {examples.map((example) => (
                <option key={example} value={example} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  )
}

function NumberField({ name, field, pointer, value, onChange, faults, readOnly }: Typed<'number'>) {
  return (
    <Field {...wordsOf(field, faults, pointer)} aside={durationWords(name, value)}>
      {(control) => (
        <NumberInput
          {...control}
          name={name}
          data-pointer={pointer}
          value={value}
          onNumber={onChange}
          readOnly={readOnly}
        />
      )}
    </Field>
  )
}

interface NumberInputProps extends Omit<React.ComponentProps<'input'>, 'value' | 'onChange'> {
  value: unknown
  onNumber: (value: number | string) => void
}

/** Keeps what was typed as it was typed: `1_000` stays on the screen, 1000 goes into the configuration. */
function NumberInput({ value, onNumber, ...props }: NumberInputProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const current = String(value ?? '')
  const text = typed !== null && String(typedNumber(typed)) === current ? typed : current
  return (
    <Input
      {...props}
      inputMode="decimal"
      className="tnum"
      value={text}
      onChange={(event) => {
        setTyped(event.target.value)
        onNumber(typedNumber(event.target.value))
      }}
    />
  )
}

function BooleanField({ name, field, pointer, value, onChange, faults, readOnly }: Typed<'boolean'>) {
  return (
    <Field {...wordsOf(field, faults, pointer)} inline>
      {(control) => (
        <Switch
          {...control}
          name={name}
          data-pointer={pointer}
          checked={value === undefined ? field.default === true : value === true}
          onCheckedChange={onChange}
          disabled={readOnly}
        />
      )}
    </Field>
  )
}

function ChoiceField({ field, pointer, value, onChange, faults, readOnly }: Typed<'choice'>) {
  const chosen = value === undefined ? field.default : value
  return (
    <Field {...wordsOf(field, faults, pointer)}>
      {(control) => (
        <Select
          {...control}
          data-pointer={pointer}
          value={chosen === undefined ? '' : String(chosen)}
          onValueChange={(text) => onChange(field.options.find((option) => String(option) === text))}
          options={field.options.map((option) => ({ value: String(option), label: String(option) }))}
          disabled={readOnly}
        />
      )}
    </Field>
  )
}
