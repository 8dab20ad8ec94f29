import { notFound } from 'next/navigation'
import { z } from 'zod'
import { ApiOverview } from '#components/catalog/api-overview.tsx'
import { ApiTabs } from '#components/catalog/api-tabs.tsx'
import { ExposePanel } from '#components/catalog/expose-panel.tsx'
import { ExposureChips } from '#components/catalog/exposure-chips.tsx'
import { DeployButton } from '#components/deployments/deploy-button.tsx'
import { Page } from '#components/shell/page.tsx'
import { readApiPage } from '#lib/catalog/read-page.ts'
import { requireActor } from '#lib/session/page.ts'

interface Props {
  params: Promise<{ apiId: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const place = z.object({ apiId: z.uuid() })
const view = z.object({ instance: z.uuid().nullable().catch(null) })

export const metadata = { title: 'API' }

export default async function ApiPage({ params, searchParams }: Props) {
  const actor = await requireActor('apis.read')
  const { data: at } = place.safeParse(await params)
  const { instance } = view.parse(await searchParams)
  const read = at ? await readApiPage(actor, at.apiId, instance) : null
  if (!read) notFound()
  const { api, version, exposed, gateways, policies } = read
  return (
    <Page
      title={api.title}
      note={version.label}
      crumbs={[{ label: 'Catalog', href: '/catalog' }]}
      actions={exposed && <DeployButton key={exposed.id} initial={exposed.deployment} />}
      bar={api.instances.length > 1 && <ExposureChips instances={api.instances} shownId={exposed?.id} />}
    >
      <div className="flex flex-col gap-6">
        {exposed ? (
          <ApiOverview
            key={exposed.id}
            api={api}
            instanceId={exposed.id}
            deployment={exposed.deployment}
            traffic={exposed.traffic}
            operations={version.operationList}
            policies={policies}
          />
        ) : (
          <ExposePanel api={api} gateways={gateways} />
        )}
        <ApiTabs api={api} version={version} instanceId={exposed?.id ?? null} />
      </div>
    </Page>
  )
}
