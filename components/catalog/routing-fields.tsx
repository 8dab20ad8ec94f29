'use client'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { z } from 'zod'
import { type Routing, routing as routingSchema } from '#domain/routing.ts'
import type { FieldFault } from '../policies/field-faults.ts'
import { readSchema } from '../policies/form-schema.ts'
import { SchemaForm } from '../policies/schema-form.tsx'
import { cn } from '../ui/class-names.ts'

const field = readSchema(z.toJSONSchema(routingSchema, { io: 'input' }))

interface Props {
  routing: Routing
  onChange: (routing: Routing) => void
  /** Of the whole instance. */
  faults: readonly FieldFault[]
  readOnly: boolean
}

/** Listeners, several endpoints, other destinations and tiers: what most APIs leave as it is. */
export function RoutingFields({ routing, onChange, faults, readOnly }: Props) {
  const [isOpen, setOpen] = useState(isUnusual(routing))
  const here = faults.filter(({ pointer }) => pointer.startsWith('/routing'))
  const shown = isOpen || here.length > 0
  return (
    <div className="flex flex-col gap-4">
      <button
        type="button"
        aria-expanded={shown}
        onClick={() => setOpen(!isOpen)}
        className="flex items-center gap-1 self-start rounded-sm text-xs font-medium text-ink-2 hover:text-ink"
      >
        <ChevronRight aria-hidden className={cn('size-3.5', shown && 'rotate-90')} />
        Listeners, endpoints, destinations and tiers
      </button>
      {shown && field.type === 'group' && (
        <SchemaForm
          field={field}
          pointer="/routing"
          value={routing}
          // A group of fields always hands back a group; what does not fit, the server says at its field.
          onChange={(value) => onChange(value as Routing)}
          faults={here}
          readOnly={readOnly}
        />
      )}
    </div>
  )
}

function isUnusual({ listenerIds, upstream, destinations, tiers }: Routing): boolean {
  return (
    listenerIds.length > 0 || upstream.endpoints.length > 0 || destinations.length > 0 || tiers.length > 0
  )
}
