'use client'
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button, type ButtonProps } from './button.tsx'
import { copyText } from './copy-text.ts'

interface Props extends Omit<ButtonProps, 'onClick' | 'children'> {
  text: string
  /** What is copied, for the button's name: `Copy key`. */
  label?: string
  /** Shows the words too, not only the icon. */
  withText?: boolean
  onCopied?: () => void
}

/** Copies a text and says so. */
export function CopyButton({ text, label = 'Copy', withText = false, onCopied, ...props }: Props) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 1_600)
    return () => clearTimeout(timer)
  }, [state])
  const words = { idle: label, copied: 'Copied', failed: 'Select it and copy by hand' }[state]
  const copy = async () => {
    const copied = await copyText(text)
    setState(copied ? 'copied' : 'failed')
    if (copied) onCopied?.()
  }
  return (
    <Button
      variant={withText ? 'default' : 'ghost'}
      size={withText ? 'md' : 'icon-sm'}
      {...props}
      aria-label={withText ? undefined : words}
      title={withText ? undefined : words}
      onClick={() => void copy()}
    >
      {state === 'copied' ? <Check aria-hidden className="text-ok" /> : <Copy aria-hidden />}
      {withText && words}
      <span className="sr-only" role="status">
        {state === 'idle' ? '' : words}
      </span>
    </Button>
  )
}
