'use client'
import { useEffect, useRef, useState } from 'react'
import type { Topology } from '#domain/topology.ts'
import { changesBetween } from './changes.ts'
import { inBatches } from './in-batches.ts'

/** Says politely what changed, all of one moment at once. */
export function Announcer({ topology }: { topology: Topology }) {
  const batches = useRef<ReturnType<typeof inBatches<Topology>> | null>(null)
  const [said, setSaid] = useState({ turn: 0, words: '' })
  useEffect(() => {
    if (batches.current) return batches.current.take(topology)
    batches.current = inBatches(topology, (before, after) => {
      const changes = changesBetween(before, after)
      if (changes) setSaid(({ turn }) => ({ turn: turn + 1, words: changes }))
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
      {/* The same words again are new ones, and heard again. */}
      <span key={said.turn}>{said.words}</span>
    </p>
  )
}
