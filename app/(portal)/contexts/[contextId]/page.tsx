import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { ContextPage } from '#components/contexts/context-page.tsx'
import { Problem } from '#domain/problem.ts'
import { requireActor } from '#lib/session/page.ts'
import { listAuthorities, listCertificates, readContextRecord } from '#lib/trust/read.ts'
import { readContextImpact } from '#lib/trust/write-context.ts'

export const metadata: Metadata = { title: 'Context' }

export default async function Context({ params }: PageProps<'/contexts/[contextId]'>) {
  const actor = await requireActor('trust.read')
  const id = z.uuid().safeParse((await params).contextId).data ?? notFound()
  const [context, authorities, certificates, impact] = await Promise.all([
    readContextRecord(actor, id),
    listAuthorities(actor),
    listCertificates(actor),
    readContextImpact(actor, id),
  ]).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'not-found') notFound()
    throw error
  })
  return <ContextPage {...{ context, authorities, certificates, impact }} at={new Date().toISOString()} />
}
