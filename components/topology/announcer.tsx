'use client'
import { useEffect, useRef, useState } from 'react'
import type { Topology } from '#domain/topology.ts'
import { changesBetween } from './changes.ts'

/** Says politely what changed, all of one reading at once. */
export function Announcer({ topology }: { topology: Topology }) {
  const before = useRef(topology)
  const [words, setWords] = useState('')
  useEffect(() => {
    const changes = changesBetween(before.current, topology)
    before.current = topology
    if (changes) setWords(changes)
  }, [topology])
  return (
    <p role="status" className="sr-only">
      {words}
    </p>
  )
}
