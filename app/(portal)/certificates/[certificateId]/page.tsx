import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { CertificatePage } from '#components/certificates/certificate-page.tsx'
import { Problem } from '#domain/problem.ts'
import { requireActor } from '#lib/session/page.ts'
import { readStanding } from '#lib/trust/expiries.ts'
import { readCertificateRecord } from '#lib/trust/read.ts'

export const metadata: Metadata = { title: 'Certificate' }

export default async function Certificate({
  params,
  searchParams,
}: PageProps<'/certificates/[certificateId]'>) {
  const actor = await requireActor('trust.read')
  const id = z.uuid().safeParse((await params).certificateId).data ?? notFound()
  const [certificate, standing] = await Promise.all([
    readCertificateRecord(actor, id),
    readStanding(actor, id),
  ]).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'not-found') notFound()
    throw error
  })
  const { rotate } = await searchParams
  return <CertificatePage certificate={certificate} standing={standing} isRotating={rotate !== undefined} />
}
