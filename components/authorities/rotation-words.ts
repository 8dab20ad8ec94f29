import type { StepKind } from '#domain/rotation-plan.ts'

interface Words {
  readonly title: string
  /** What the step is for, in one sentence. */
  readonly summary: string
  /** On the button that does it. */
  readonly go: string
  readonly back: string
}

export const stepWords: Record<StepKind, Words> = {
  overlap: {
    title: 'Trust both',
    summary: 'Contexts trust the new CA beside the old one, so that either chain is let in.',
    go: 'Trust both',
    back: 'Distrust the new CA',
  },
  reissue: {
    title: 'Reissue certificates',
    summary: 'The new CA issues what the contexts show. The versions before are kept.',
    go: 'Reissue certificates',
    back: 'Go back to the versions before',
  },
  verify: {
    title: 'See that every peer follows',
    summary: 'Nodes say whose chains the far ends show. Nobody may still need the old CA.',
    go: 'Look again',
    back: '',
  },
  drop: {
    title: 'Drop the old CA',
    summary: 'Contexts trust the new CA alone.',
    go: 'Drop the old CA',
    back: 'Trust the old CA again',
  },
}

export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
