'use client'
import { useEffect, useRef, useState } from 'react'
import type { Topology } from '#domain/topology.ts'
import { changesBetween } from './changes.ts'
import { inBatches } from './in-batches.ts'

/** Says politely what changed, all of one moment at once. */
export function Announcer({ topology }: { topology: Topology }) {
  const batches = useRef<ReturnType<typeof inBatches<Topology>> | null>(null)
  const [words, setWords] = useState('')
  useEffect(() => {
    if (batches.current) return batches.current.take(topology)
    batches.current = inBatches(topology, (before, after) => {
      const changes = changesBetween(before, after)
      if (changes) setWords(changes)
    })
  }, [topology])
  useEffect(
    () => () => {
      batches.current?.end()
      batches.current = null
    },
    [],
  )
  return (
    <p role="status" aria-label="Changes" className="sr-only">
      {words}
    </p>
  )
}
