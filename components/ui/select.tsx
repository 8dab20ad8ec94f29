'use client'
import { Check, ChevronDown } from 'lucide-react'
import { Select as Radix } from 'radix-ui'
import type { ComponentProps, ReactNode } from 'react'
import { cn } from './class-names.ts'
import { controlLook } from './input.tsx'

export interface Option {
  value: string
  label: string
  /** A second, quieter line. */
  hint?: string
  /** A small picture before the label. */
  mark?: ReactNode
  disabled?: boolean
}

interface Props extends Omit<ComponentProps<typeof Radix.Trigger>, 'value' | 'onChange'> {
  value: string
  onValueChange: (value: string) => void
  options: readonly Option[]
  placeholder?: string
  name?: string
}

/** Chooses one of a short list; an empty value shows the placeholder. */
export function Select({ value, onValueChange, options, placeholder, name, className, ...props }: Props) {
  return (
    <Radix.Root value={value} onValueChange={onValueChange} {...(name ? { name } : {})}>
      <Radix.Trigger
        {...props}
        className={cn(
          controlLook,
          'flex h-8 items-center justify-between gap-2 text-left data-placeholder:text-ink-3',
          className,
        )}
      >
        <span className="truncate">
          <Radix.Value placeholder={placeholder ?? 'Choose'} />
        </span>
        <ChevronDown aria-hidden className="size-3.5 shrink-0 text-ink-3" />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          className="z-[1200] max-h-72 min-w-(--radix-select-trigger-width) animate-enter overflow-hidden rounded-lg border border-line-2 bg-panel shadow-overlay"
        >
          <Radix.Viewport className="p-1">
            {options.map((option) => (
              <Radix.Item
                key={option.value}
                value={option.value}
                disabled={option.disabled ?? false}
                className="flex cursor-default items-center gap-2 rounded-md py-1.5 pr-2 pl-2 text-sm outline-none select-none data-disabled:opacity-50 data-highlighted:bg-accent-soft data-highlighted:text-accent"
              >
                <span className="flex-1">
                  <Radix.ItemText>
                    {option.mark ? (
                      <span className="inline-flex items-center gap-2 [&_svg]:h-4.5 [&_svg]:w-auto">
                        {option.mark}
                        {option.label}
                      </span>
                    ) : (
                      option.label
                    )}
                  </Radix.ItemText>
                  {option.hint && <span className="block text-xs text-ink-3">{option.hint}</span>}
                </span>
                <Radix.ItemIndicator>
                  <Check aria-hidden className="size-3.5" />
                </Radix.ItemIndicator>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
