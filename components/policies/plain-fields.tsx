'use client'
import { useId, useState } from 'react'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { Select } from '../ui/select.tsx'
import { Switch } from '../ui/switch.tsx'
import { Textarea } from '../ui/textarea.tsx'
import { faultAt } from './field-faults.ts'
import type { FieldPart } from './form-part.ts'
import { durationWords, type FormField, shownText, typedNumber } from './form-schema.ts'

function wordsOf(field: FormField, faults: FieldPart['faults'], pointer: string) {
  return {
    label: field.title,
    description: field.description ?? undefined,
    required: field.required,
    error: faultAt(faults, pointer),
  }
}

/** Text: a line with examples to choose from, several lines, or a secret that is not shown. */
export function TextField(part: FieldPart<'text'>) {
  const { field, pointer, value, faults, readOnly } = part
  // An optional text that is emptied is not given.
  const onChange = (text: string) =>
    part.onChange(text === '' && !field.required && field.default === undefined ? undefined : text)
  if (!field.multiline && !field.sensitive) return <LineField {...part} onChange={onChange} />
  return (
    <Field {...wordsOf(field, faults, pointer)}>
      {(control) => {
        const shared = {
          ...control,
          name: part.name,
          'data-pointer': pointer,
          value: shownText(value),
          readOnly,
          spellCheck: false,
          autoComplete: 'off',
        }
        return field.multiline ? (
          <Textarea
            {...shared}
            rows={5}
            className="font-mono text-xs"
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <Input
            {...shared}
            type="password"
            autoComplete="new-password"
            onChange={(event) => onChange(event.target.value)}
          />
        )
      }}
    </Field>
  )
}

interface LineProps extends Omit<FieldPart<'text'>, 'onChange'> {
  onChange: (text: string) => void
}

function LineField({ name, field, pointer, value, onChange, faults, readOnly }: LineProps) {
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
            value={shownText(value)}
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

/** A number, read in words where it is a duration. */
export function NumberField({
  name,
  field,
  pointer,
  value,
  onChange,
  faults,
  readOnly,
}: FieldPart<'number'>) {
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
  const current = shownText(value)
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

/** A yes or no. */
export function BooleanField({
  name,
  field,
  pointer,
  value,
  onChange,
  faults,
  readOnly,
}: FieldPart<'boolean'>) {
  return (
    <Field {...wordsOf(field, faults, pointer)} inline>
      {(control) => (
        <Switch
          {...control}
          name={name}
          data-pointer={pointer}
          checked={value === undefined ? field.default === true : value === true}
          // One that need not be said is not said by leaving it off.
          onCheckedChange={(on) =>
            onChange(on || field.required || field.default !== undefined ? on : undefined)
          }
          disabled={readOnly}
        />
      )}
    </Field>
  )
}

/** One of a closed list. */
export function ChoiceField({ field, pointer, value, onChange, faults, readOnly }: FieldPart<'choice'>) {
  const chosen = value === undefined ? field.default : value
  return (
    <Field {...wordsOf(field, faults, pointer)}>
      {(control) => (
        <Select
          {...control}
          data-pointer={pointer}
          value={shownText(chosen)}
          onValueChange={(text) => onChange(field.options.find((option) => String(option) === text))}
          options={field.options.map((option) => ({ value: String(option), label: String(option) }))}
          disabled={readOnly}
        />
      )}
    </Field>
  )
}
