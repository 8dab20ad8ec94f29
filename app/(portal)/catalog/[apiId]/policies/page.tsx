import Link from 'next/link'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { Designer } from '#components/policies/designer.tsx'
import { NotExposed } from '#components/policies/not-exposed.tsx'
import { Page } from '#components/shell/page.tsx'
import { ChipButton } from '#components/ui/chip.tsx'
import { listChains, listPolicies, readChain } from '#lib/policies/read.ts'
import { requireActor } from '#lib/session/page.ts'

interface Props {
  params: Promise<{ apiId: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const place = z.object({ apiId: z.uuid() })
const view = z.object({
  instance: z.uuid().nullable().catch(null),
  add: z.string().max(100).nullable().catch(null),
})

export const metadata = { title: 'Policies' }

export default async function PoliciesPage({ params, searchParams }: Props) {
  const actor = await requireActor('apis.read')
  const { data: at } = place.safeParse(await params)
  if (!at) notFound()
  const { instance, add } = view.parse(await searchParams)
  const chains = await listChains(actor, at.apiId)
  const shown = chains.find(({ instanceId }) => instanceId === instance) ?? chains[0]
  if (!shown) return <NotExposed apiId={at.apiId} />
  const chain = await readChain(actor, shown.instanceId)
  const others = chains.length > 1 && chains
  return (
    <Page
      title="Policies"
      layout="full"
      crumbs={[
        { label: 'Catalog', href: '/catalog' },
        { label: chain.api.title, href: `/catalog/${at.apiId}` },
        { label: chain.api.version },
      ]}
      bar={
        others &&
        others.map(({ instanceId, gateway, version }) => (
          <ChipButton key={instanceId} asChild on={instanceId === shown.instanceId}>
            <Link href={`/catalog/${at.apiId}/policies?instance=${instanceId}`}>
              {version} at {gateway}
            </Link>
          </ChipButton>
        ))
      }
    >
      <Designer key={shown.instanceId} initial={chain} policies={listPolicies(actor)} add={add} />
    </Page>
  )
}
