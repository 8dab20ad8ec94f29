import type { Metadata } from 'next'
import { deploymentsAddress } from '#components/deployments/address.ts'
import { DeploymentsPage } from '#components/deployments/deployments-page.tsx'
import { Page } from '#components/shell/page.tsx'
import { NoneYet } from '#components/ui/empty-state.tsx'
import { listHeads, listRevisions, readDraft, readRevision } from '#lib/publish/read.ts'
import { requireActor } from '#lib/session/page.ts'

export const metadata: Metadata = { title: 'Deployments' }

export default async function Deployments({ searchParams }: PageProps<'/deployments'>) {
  const actor = await requireActor('revisions.read')
  const { gateway: wanted, revision, compare } = deploymentsAddress.parse(await searchParams)
  const gateways = await listHeads(actor)
  const gateway = gateways.find(({ id }) => id === wanted) ?? gateways[0]
  if (!gateway) {
    return (
      <Page title="Deployments">
        <NoneYet title="No gateway yet">
          Deployments belong to a gateway. Make the first under Gateways.
        </NoneYet>
      </Page>
    )
  }
  const exists = revision !== undefined && revision >= 1 && revision <= gateway.headRevision
  const selected = exists ? revision : undefined
  const shown = selected ?? gateway.headRevision
  const [draft, history, detail] = await Promise.all([
    readDraft(actor, gateway.id),
    listRevisions(actor, gateway.id, { limit: 50 }),
    shown > 0 ? readRevision(actor, gateway.id, shown) : null,
  ])
  return (
    <DeploymentsPage
      key={gateway.id}
      gateways={gateways}
      gatewayId={gateway.id}
      selected={selected}
      compare={compare}
      initial={{ draft, history, revision: detail }}
    />
  )
}
