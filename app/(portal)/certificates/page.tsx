import type { Metadata } from 'next'
import { CertificatesPage } from '#components/certificates/certificates-page.tsx'
import { requireActor } from '#lib/session/page.ts'
import { listExpiries } from '#lib/trust/expiries.ts'

export const metadata: Metadata = { title: 'Certificates' }

export default async function Certificates({ searchParams }: PageProps<'/certificates'>) {
  const actor = await requireActor('trust.read')
  const [list, { add }] = await Promise.all([listExpiries(actor), searchParams])
  return <CertificatesPage initial={list} isAdding={add !== undefined} />
}
