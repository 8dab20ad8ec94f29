import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { AuthorityPage } from '#components/authorities/authority-page.tsx'
import { Problem } from '#domain/problem.ts'
import { requireActor } from '#lib/session/page.ts'
import { listAuthorities, listCertificates, listContexts, readAuthorityImpact } from '#lib/trust/read.ts'
import { listRotations } from '#lib/trust/rotations.ts'

export const metadata: Metadata = { title: 'CA' }

export default async function Authority({ params }: PageProps<'/authorities/[authorityId]'>) {
  const actor = await requireActor('trust.read')
  const id = z.uuid().safeParse((await params).authorityId).data ?? notFound()
  const [authorities, contexts, certificates, rotations, impact] = await Promise.all([
    listAuthorities(actor),
    listContexts(actor),
    listCertificates(actor),
    listRotations(actor),
    readAuthorityImpact(actor, id),
  ]).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'not-found') notFound()
    throw error
  })
  const at = new Date().toISOString()
  return <AuthorityPage {...{ id, authorities, contexts, certificates, rotations, impact, at }} />
}
