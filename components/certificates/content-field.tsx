'use client'
import { CircleAlert, FileCheck, FileUp, KeyRound } from 'lucide-react'
import { type ReactNode, useId, useRef, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/class-names.ts'
import { Field } from '../ui/field.tsx'
import { DropHint, useFileDrop } from '../ui/file-drop.tsx'
import { Input } from '../ui/input.tsx'
import { Textarea } from '../ui/textarea.tsx'
import type { Bringing } from './use-brought.ts'

interface Props<Found> {
  bringing: Bringing<Found>
  /** What is wanted: `Certificate and key`. */
  label: string
  hint: string
  /** Says what was found in it. */
  children?: ReactNode
}

/** Where a certificate is dropped, chosen or pasted, with what is wrong with it beside it. */
export function ContentField<Found>({ bringing, label, hint, children }: Props<Found>) {
  const id = useId()
  const [isPasting, setPasting] = useState(false)
  const isOver = useFileDrop(true, bringing.take)
  const { name, fault } = bringing
  return (
    <div role="group" aria-labelledby={id} className="flex flex-col gap-2">
      <span id={id} className="text-sm font-medium">
        {label}
      </span>
      {isPasting ? (
        <Pasted bringing={bringing} label={label} />
      ) : (
        <FileZone bringing={bringing} label={label} hint={hint} />
      )}
      <Button
        variant="link"
        size="sm"
        className="self-start"
        onClick={() => {
          bringing.clear()
          setPasting(!isPasting)
        }}
      >
        {isPasting ? 'Drop a file instead' : 'Paste a text instead'}
      </Button>
      {fault !== null && (
        <p role="alert" className="flex items-start gap-1.5 text-xs text-err">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          {name === null || isPasting ? fault : `${name}: ${fault}`}
        </p>
      )}
      {bringing.needsPassword && <Password key={name} bringing={bringing} />}
      {children}
      {isOver && <DropHint>Drop it here</DropHint>}
    </div>
  )
}

const accepted =
  '.pem,.crt,.cer,.der,.key,.p12,.pfx,.yaml,.yml,.json,application/x-pkcs12,application/x-x509-ca-cert,application/x-pem-file'

function FileZone<Found>({ bringing, label, hint }: Omit<Props<Found>, 'children'>) {
  const input = useRef<HTMLInputElement>(null)
  const { name, found, fault, isLooking } = bringing
  const isTaken = found !== null || bringing.certManagerDocument !== null
  const Icon = isTaken ? FileCheck : FileUp
  return (
    <div
      className={cn(
        'flex min-h-20 flex-wrap items-center gap-3 rounded-lg border border-dashed border-line-2 px-4 py-3',
        isTaken && 'border-solid border-ok',
        fault !== null && 'border-err',
      )}
    >
      <Icon
        aria-hidden
        className={cn('size-5 shrink-0', isTaken ? 'text-ok' : 'text-ink-3')}
        strokeWidth={1.5}
      />
      <div className="min-w-0 flex-1 basis-40 text-sm">
        <span className="block font-medium break-words">{name ?? 'Drop it anywhere here'}</span>
        <span className="block text-xs text-ink-3">{hint}</span>
      </div>
      <input
        ref={input}
        type="file"
        multiple
        accept={accepted}
        aria-label={label}
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])]
          // The same file can be chosen again once it is mended.
          event.target.value = ''
          if (files.length > 0) bringing.take(files)
        }}
      />
      <Button busy={isLooking} onClick={() => input.current?.click()}>
        {name === null ? 'Choose a file' : 'Another file'}
      </Button>
    </div>
  )
}

function Pasted<Found>({ bringing, label }: { bringing: Bringing<Found>; label: string }) {
  const [text, setText] = useState('')
  return (
    <div className="flex flex-col items-end gap-2">
      <Textarea
        aria-label={label}
        rows={6}
        spellCheck={false}
        placeholder="-----BEGIN CERTIFICATE-----"
        className="font-mono text-xs"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button busy={bringing.isLooking} disabled={text.trim() === ''} onClick={() => bringing.takeText(text)}>
        Read it
      </Button>
    </div>
  )
}

// No form of its own: it stands inside of others.
function Password<Found>({ bringing }: { bringing: Bringing<Found> }) {
  const [password, setPassword] = useState('')
  const open = () => bringing.open(password)
  return (
    <Field label="Password of the file" error={bringing.passwordFault ?? undefined} required>
      {(control) => (
        <span className="flex gap-2">
          <Input
            {...control}
            // Opened, the field is what one goes on with.
            autoFocus
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return
              event.preventDefault()
              open()
            }}
          />
          <Button busy={bringing.isLooking} onClick={open}>
            <KeyRound aria-hidden />
            Open
          </Button>
        </span>
      )}
    </Field>
  )
}
