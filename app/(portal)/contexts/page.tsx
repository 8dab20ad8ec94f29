import type { Metadata } from 'next'
import { ContextsPage } from '#components/contexts/contexts-page.tsx'
import { requireActor } from '#lib/session/page.ts'
import { listAuthorities, listCertificates, listContexts } from '#lib/trust/read.ts'

export const metadata: Metadata = { title: 'Contexts' }

export default async function Contexts() {
  const actor = await requireActor('trust.read')
  const [contexts, authorities, certificates] = await Promise.all([
    listContexts(actor),
    listAuthorities(actor),
    listCertificates(actor),
  ])
  return <ContextsPage {...{ contexts, authorities, certificates }} at={new Date().toISOString()} />
}
