import type { Metadata } from 'next'
import { AuthoritiesPage } from '#components/authorities/authorities-page.tsx'
import { requireActor } from '#lib/session/page.ts'
import { listAuthorities, listContexts } from '#lib/trust/read.ts'
import { listRotations } from '#lib/trust/rotations.ts'

export const metadata: Metadata = { title: 'CAs' }

export default async function Authorities() {
  const actor = await requireActor('trust.read')
  const [authorities, contexts, rotations] = await Promise.all([
    listAuthorities(actor),
    listContexts(actor),
    listRotations(actor),
  ])
  const at = new Date().toISOString()
  return <AuthoritiesPage authorities={authorities} contexts={contexts} rotations={rotations} at={at} />
}
