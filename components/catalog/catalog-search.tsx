'use client'
import { Search, X } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useEffect, useRef, useState, useTransition } from 'react'
import { Button } from '../ui/button.tsx'
import { Input } from '../ui/input.tsx'

// Long enough not to ask at every key, short enough to feel immediate.
const settleMs = 200

/** The search over the catalog. The address holds what is searched for. */
export function CatalogSearch({ search }: { search: string }) {
  const router = useRouter()
  const [text, setText] = useState(search)
  const [isPending, startTransition] = useTransition()
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const look = (wanted: string) => {
    setText(wanted)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      const query = wanted.trim() ? `?${new URLSearchParams({ search: wanted.trim() })}` : ''
      startTransition(() => router.replace(`/catalog${query}`, { scroll: false }))
    }, settleMs)
  }
  return (
    <search className="relative w-full max-w-80" aria-busy={isPending}>
      <Search aria-hidden className="absolute top-2.25 left-2.5 size-3.5 text-ink-3" />
      <Input
        type="search"
        aria-label="Search the catalog"
        placeholder="Search name, title or path"
        className="pr-8 pl-8 [&::-webkit-search-cancel-button]:hidden"
        maxLength={200}
        value={text}
        onChange={(event) => look(event.target.value)}
      />
      {text && (
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label="Clear the search"
          className="absolute top-1 right-1"
          onClick={() => look('')}
        >
          <X aria-hidden />
        </Button>
      )}
    </search>
  )
}
