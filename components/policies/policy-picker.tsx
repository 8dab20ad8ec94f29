'use client'
import { Command } from 'cmdk'
import type { PolicyDescription } from '#domain/chain.ts'
import { categories } from '#domain/chain.ts'
import { cn } from '../ui/class-names.ts'
import { controlLook } from '../ui/input.tsx'
import { categoryTitle } from './policy-words.ts'

interface Props {
  policies: readonly PolicyDescription[]
  onPick: (policy: PolicyDescription) => void
  /** The kind of the step that is selected in the chain. */
  selectedKind?: string | undefined
  autoFocus?: boolean
  disabled?: boolean
  className?: string
}

/** One box over the titles and descriptions of all policies, by category. */
export function PolicyPicker({ policies, onPick, selectedKind, autoFocus, disabled, className }: Props) {
  return (
    <Command label="Find a policy" className={cn('group flex min-h-0 flex-col', className)}>
      <Command.Input
        placeholder="Find a policy"
        autoFocus={autoFocus ?? false}
        className={cn(controlLook, 'h-8 shrink-0')}
      />
      <Command.List className="mt-1 min-h-0 flex-1 overflow-y-auto">
        <Command.Empty className="px-2 py-6 text-center text-xs text-ink-3">
          No policy is called so.
        </Command.Empty>
        {categories.map((category) => {
          const own = policies.filter((policy) => policy.category === category)
          if (own.length === 0) return null
          return (
            <Command.Group
              key={category}
              heading={categoryTitle[category]}
              className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-ink-3"
            >
              {own.map((policy) => (
                <Command.Item
                  key={policy.kind}
                  value={policy.kind}
                  keywords={[policy.title, policy.summary]}
                  disabled={disabled ?? false}
                  onSelect={() => onPick(policy)}
                  title={policy.summary}
                  className={cn(
                    'rounded-md px-2 py-1 text-sm select-none data-[disabled=true]:opacity-60 hover:bg-canvas group-focus-within:data-[selected=true]:bg-canvas',
                    policy.kind === selectedKind &&
                      'bg-accent-soft text-accent hover:bg-accent-soft group-focus-within:data-[selected=true]:bg-accent-soft',
                  )}
                >
                  {policy.title}
                  <span className="block truncate text-xs text-ink-3">{policy.summary}</span>
                </Command.Item>
              ))}
            </Command.Group>
          )
        })}
      </Command.List>
    </Command>
  )
}
