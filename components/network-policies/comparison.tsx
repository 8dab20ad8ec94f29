'use client'
import type { AppliedNetworkPolicies } from '#domain/applied-network-policies.ts'
import { Mono } from '../ui/code-line.tsx'
import { Panel } from '../ui/panel.tsx'
import { State, type Tone } from '../ui/state.tsx'

type Comparison = AppliedNetworkPolicies['comparison']
type Standing = Comparison['policies'][number]['standing']

const looks: Record<Standing, { tone: Tone; label: string }> = {
  same: { tone: 'ok', label: 'the same' },
  differs: { tone: 'warn', label: 'says something else' },
  'only-applied': { tone: 'idle', label: 'applied alone' },
  'only-generated': { tone: 'busy', label: 'not applied' },
}

/** What is applied beside what lets through exactly what is declared: policy by policy, and what is let through besides. */
export function ComparisonView({ comparison: { policies, excess } }: { comparison: Comparison }) {
  return (
    <div className="flex flex-col gap-3">
      {excess.length > 0 && (
        <Panel className="px-3.5 py-2.5">
          <h3 className="mb-1 text-xs font-medium text-ink-2">Lets through more than is declared</h3>
          <ul className="flex list-disc flex-col gap-1 pl-4 text-sm">
            {excess.map(({ text }) => (
              <li key={text} className="break-words">
                {text}
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <Panel>
        <ul aria-label="Policies" className="divide-y divide-line">
          {policies.map(({ namespace, name, standing }) => (
            <li key={`${namespace}/${name}`} className="flex flex-wrap items-center gap-2 px-3.5 py-2">
              <Mono className="min-w-0 flex-1 break-all">
                {namespace}/{name}
              </Mono>
              <State tone={looks[standing].tone}>{looks[standing].label}</State>
            </li>
          ))}
        </ul>
      </Panel>
    </div>
  )
}
