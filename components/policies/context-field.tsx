'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { contextOption, noContext } from '../contexts/context-option.tsx'
import { contextQueries } from '../contexts/queries.ts'
import { Field } from '../ui/field.tsx'
import { Select } from '../ui/select.tsx'
import { faultAt } from './field-faults.ts'
import type { FieldPart } from './form-part.ts'

/** An mTLS context, chosen by its name. */
export function ContextField({ field, pointer, value, onChange, faults, readOnly }: FieldPart<'reference'>) {
  const { data: contexts = [], isPending } = useQuery(contextQueries.list())
  const chosen = typeof value === 'string' ? value : noContext
  const isKnown = chosen === noContext || contexts.some(({ id }) => id === chosen)
  return (
    <Field
      label={field.title}
      description={field.description ?? undefined}
      error={faultAt(faults, pointer)}
      aside={
        <Link href={chosen === noContext ? '/contexts' : `/contexts/${chosen}`} className="hover:text-accent">
          {chosen === noContext ? 'All contexts' : 'Open it'}
        </Link>
      }
    >
      {(control) => (
        <Select
          {...control}
          data-pointer={pointer}
          value={chosen}
          onValueChange={(id) => onChange(id === noContext ? undefined : id)}
          options={[
            { value: noContext, label: 'None, what stands here' },
            ...contexts.map(contextOption),
            ...(isKnown ? [] : [{ value: chosen, label: isPending ? 'Loading' : `Unknown: ${chosen}` }]),
          ]}
          disabled={readOnly}
        />
      )}
    </Field>
  )
}
