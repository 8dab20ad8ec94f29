import { Plus } from 'lucide-react'
import Link from 'next/link'
import { ChipButton } from '../ui/chip.tsx'

interface Props {
  apiId: string
  instanceId: string
  /** Policies that the chain does not have yet. */
  policies: readonly { kind: string; title: string }[]
}

/** Chips that lead to the designer with one policy added and its first field ready. */
export function QuickAdd({ apiId, instanceId, policies }: Props) {
  return policies.map(({ kind, title }) => (
    <ChipButton key={kind} asChild>
      <Link href={`/catalog/${apiId}/policies?instance=${instanceId}&add=${encodeURIComponent(kind)}`}>
        <Plus aria-hidden />
        Add {lowerFirst(title)}
      </Link>
    </ChipButton>
  ))
}

// `Rate limiting` inside a sentence; `API key` and `CORS` keep their capitals.
function lowerFirst(title: string): string {
  return /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title
}
