import { type Chain, type ChainStep, sameValue } from '#domain/chain.ts'

/** A chain while somebody edits it: what is saved, and what it would become. */
export interface Draft {
  saved: readonly ChainStep[]
  /** The instance's version that `saved` is of. */
  version: number
  steps: readonly ChainStep[]
  selectedId: string | null
}

export interface NewStep {
  id: string
  kind: string
  policyVersion: string
  config: Record<string, unknown>
}

export type DraftAction =
  | { do: 'add'; step: NewStep; at: number }
  | { do: 'select'; id: string | null }
  | { do: 'move'; id: string; to: number }
  | { do: 'remove'; id: string }
  | { do: 'duplicate'; id: string; newId: string }
  | { do: 'toggle'; id: string }
  | { do: 'configure'; id: string; config: Record<string, unknown> }
  | { do: 'label'; id: string; label: string }
  | { do: 'dryRun'; id: string; dryRun: boolean }
  | { do: 'rules'; id: string; rules: ChainStep['rules'] }
  | { do: 'upstreams'; id: string; upstreams: ChainStep['upstreams'] }
  | { do: 'restore'; step: ChainStep; at: number }
  | { do: 'discard' }
  | { do: 'saved'; chain: Chain }

/** A draft that is what is saved. */
export function draftOf(chain: Chain, selectedId: string | null): Draft {
  const saved = chain.policies.map(({ verdict: _, ...step }) => step)
  return { saved, version: chain.version, steps: saved, selectedId }
}

export function isDirty(draft: Draft): boolean {
  return !sameValue(draft.steps, draft.saved)
}

export function reduceDraft(draft: Draft, action: DraftAction): Draft {
  const { steps } = draft
  switch (action.do) {
    case 'add': {
      const step = { ...action.step, label: '', enabled: true, dryRun: false, rules: [], upstreams: [] }
      return { ...draft, steps: steps.toSpliced(action.at, 0, step), selectedId: step.id }
    }
    case 'select':
      return { ...draft, selectedId: action.id }
    case 'move': {
      const from = steps.findIndex((step) => step.id === action.id)
      const step = steps[from]
      const to = Math.max(0, Math.min(action.to, steps.length - 1))
      if (!step || to === from) return draft
      return { ...draft, steps: steps.toSpliced(from, 1).toSpliced(to, 0, step) }
    }
    case 'remove':
      return {
        ...draft,
        steps: steps.filter((step) => step.id !== action.id),
        selectedId: draft.selectedId === action.id ? null : draft.selectedId,
      }
    case 'duplicate': {
      const at = steps.findIndex((step) => step.id === action.id)
      const step = steps[at]
      if (!step) return draft
      const copy = { ...structuredClone(step), id: action.newId }
      return { ...draft, steps: steps.toSpliced(at + 1, 0, copy), selectedId: copy.id }
    }
    case 'toggle':
      return withStep(draft, action.id, (step) => ({ ...step, enabled: !step.enabled }))
    case 'configure':
      return withStep(draft, action.id, (step) => ({ ...step, config: action.config }))
    case 'label':
      return withStep(draft, action.id, (step) => ({ ...step, label: action.label }))
    case 'dryRun':
      return withStep(draft, action.id, (step) => ({ ...step, dryRun: action.dryRun }))
    case 'rules':
      return withStep(draft, action.id, (step) => ({ ...step, rules: action.rules }))
    case 'upstreams':
      return withStep(draft, action.id, (step) => ({ ...step, upstreams: action.upstreams }))
    case 'restore':
      return { ...draft, steps: steps.toSpliced(action.at, 0, action.step), selectedId: action.step.id }
    case 'discard':
      return { ...draft, steps: draft.saved, selectedId: stillThere(draft.saved, draft.selectedId) }
    case 'saved': {
      const next = draftOf(action.chain, draft.selectedId)
      return { ...next, selectedId: stillThere(next.steps, draft.selectedId) }
    }
  }
}

function withStep(draft: Draft, id: string, edit: (step: ChainStep) => ChainStep): Draft {
  return { ...draft, steps: draft.steps.map((step) => (step.id === id ? edit(step) : step)) }
}

function stillThere(steps: readonly ChainStep[], id: string | null): string | null {
  return steps.some((step) => step.id === id) ? id : null
}
