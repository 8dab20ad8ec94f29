import Link from 'next/link'
import type { NetworkClass } from '#domain/network.ts'
import { Hexagon } from '../ui/hexagon.tsx'

/** A context by its hexagon and its name, which leads to it. */
export function ContextMark({ id, name, trust }: { id: string; name: string; trust: NetworkClass }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-2">
      <Hexagon trust={trust} />
      <Link href={`/contexts/${id}`} className="min-w-0 rounded-sm font-medium break-words hover:text-accent">
        {name}
      </Link>
    </span>
  )
}
