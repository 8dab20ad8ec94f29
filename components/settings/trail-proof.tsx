'use client'
import { useMutation } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { WordState } from '../ui/state.tsx'
import { verifyTrail } from './queries.ts'

/** Lets anybody who may read the trail prove that nobody changed it. */
export function TrailProof() {
  const proof = useMutation({ mutationFn: verifyTrail })
  return (
    <span className="flex flex-wrap items-center gap-3">
      <span role="status">
        {proof.error && (
          <WordState tone="err" className="text-sm">
            {asProblem(proof.error).message}
          </WordState>
        )}
        {proof.data && proof.data.brokenAt === null && (
          <WordState tone="ok" className="text-sm">
            All {proof.data.entries} entries follow from each other
          </WordState>
        )}
        {proof.data && proof.data.brokenAt !== null && (
          <WordState tone="err" className="text-sm">
            Entry {proof.data.brokenAt} was changed or the one before it is missing
          </WordState>
        )}
      </span>
      <Button busy={proof.isPending} onClick={() => proof.mutate()}>
        <ShieldCheck aria-hidden />
        Verify the chain
      </Button>
    </span>
  )
}
