'use client'
import { ArrowRight } from 'lucide-react'
import Link from 'next/link'
import type { InstanceView } from '#domain/catalog.ts'
import { QuickAdd } from '../policies/quick-add.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { cn } from '../ui/class-names.ts'

export interface PolicyChoice {
  kind: string
  title: string
}

interface Props {
  apiId: string
  instance: InstanceView
  /** Every policy that there is. */
  offered: readonly PolicyChoice[]
}

// What nearly every API gets; all the others are a click further, in the designer.
const usual = new Set(['api-key-auth', 'jwt-validation', 'rate-limiting', 'cors', 'spec-validation'])

/** The chain of an API in one line, and chips that add to it. */
export function PolicyStrip({ apiId, instance, offered }: Props) {
  const mayWrite = useMay('apis.write')
  const { policies, id } = instance
  const missing = offered.filter(
    ({ kind }) => usual.has(kind) && !policies.some((policy) => policy.kind === kind),
  )
  const designer = `/catalog/${apiId}/policies?instance=${id}`
  return (
    <div className="flex flex-wrap items-center gap-2">
      {policies.map((policy) => (
        <span key={policy.id} className="inline-flex items-center gap-2">
          <Link
            href={designer}
            title={policy.summary}
            className={cn(
              'block max-w-60 rounded-md border border-line bg-panel px-3 py-1.5 hover:border-ink-3',
              !policy.enabled && 'border-dashed opacity-70',
            )}
          >
            <span className="block truncate text-sm font-medium">{policy.title}</span>
            <span className="block truncate text-xs text-ink-3">
              {policy.enabled ? policy.summary : 'Switched off'}
            </span>
          </Link>
          <ArrowRight aria-hidden className="size-3.5 text-ink-3" />
        </span>
      ))}
      {policies.length > 0 && (
        <span className="max-w-60 truncate font-mono text-xs text-ink-3">{instance.upstreamUrl}</span>
      )}
      {policies.length === 0 && !mayWrite && (
        <span className="text-sm text-ink-2">None: requests pass as they come.</span>
      )}
      {mayWrite && <QuickAdd apiId={apiId} instanceId={id} policies={missing} />}
      <Link href={designer} className="ml-auto rounded-sm text-sm text-accent hover:underline">
        {mayWrite ? 'Open the designer' : 'Show the chain'}
      </Link>
    </div>
  )
}
