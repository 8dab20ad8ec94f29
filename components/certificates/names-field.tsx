'use client'
import type { SubjectAltName } from '#domain/certificate.ts'
import { Field } from '../ui/field.tsx'
import { Textarea } from '../ui/textarea.tsx'

interface Props {
  text: string
  setText: (text: string) => void
  error: string | undefined
  required: boolean
}

/** Names that a certificate is to have, one a line. */
export function NamesField({ text, setText, error, required }: Props) {
  return (
    <Field
      label="Names"
      description="One a line: DNS names such as orders.internal, IP addresses, URIs such as spiffe://acme/shop, mailboxes."
      error={error}
      required={required}
    >
      {(control) => (
        <Textarea
          {...control}
          rows={3}
          spellCheck={false}
          className="font-mono text-xs"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
    </Field>
  )
}

/** The names in a text, each by its kind; whether it is one, the server judges. */
export function namesIn(text: string): SubjectAltName[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((value) => ({ type: kindOf(value), value }))
}

function kindOf(value: string): SubjectAltName['type'] {
  if (value.includes('://')) return 'uri'
  if (value.includes('@')) return 'email'
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(value) || value.includes(':') ? 'ip' : 'dns'
}
