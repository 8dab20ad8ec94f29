'use client'
import { type DragEvent, useRef, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Textarea } from '../ui/textarea.tsx'

interface Props {
  label: string
  description: string
  placeholder: string
  value: string
  onChange: (text: string) => void
  error: string | undefined
}

/** No PEM that belongs here is larger. */
const fileBytesMax = 1_000_000

/** PEM that is pasted, dropped, or taken from a file. */
export function PemField({ label, description, placeholder, value, onChange, error }: Props) {
  const input = useRef<HTMLInputElement>(null)
  const [fault, setFault] = useState<string>()
  const take = async (file: File | undefined) => {
    if (!file) return
    if (file.size > fileBytesMax) return setFault(`${file.name} is too large for PEM.`)
    setFault(undefined)
    onChange(await file.text())
  }
  const onDrop = (event: DragEvent) => {
    if (event.dataTransfer.files.length === 0) return
    event.preventDefault()
    void take(event.dataTransfer.files[0])
  }
  return (
    <Field label={label} required description={description} error={fault ?? error}>
      {(control) => (
        <div className="flex flex-col items-start gap-1.5">
          <Textarea
            {...control}
            rows={7}
            spellCheck={false}
            className="font-mono text-xs"
            placeholder={placeholder}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            onDrop={onDrop}
          />
          <input
            ref={input}
            type="file"
            accept=".pem,.crt,.cer,.key,.csr,.req"
            className="sr-only"
            tabIndex={-1}
            aria-label={`${label} from a file`}
            onChange={(event) => void take(event.target.files?.[0])}
          />
          <Button size="sm" onClick={() => input.current?.click()}>
            Choose a file
          </Button>
        </div>
      )}
    </Field>
  )
}
