import { z } from 'zod'
import { ApiTable } from '#components/catalog/api-table.tsx'
import { CatalogSearch } from '#components/catalog/catalog-search.tsx'
import { ImportDocumentsButton, ImportHost, NewApiButton } from '#components/catalog/import-host.tsx'
import { Page } from '#components/shell/page.tsx'
import { listApis } from '#lib/catalog/read.ts'
import { requireActor } from '#lib/session/page.ts'

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const view = z.object({
  search: z.string().trim().max(200).catch(''),
  after: z.string().max(100).catch(''),
  import: z.string().optional().catch(undefined),
})

export const metadata = { title: 'Catalog' }

export default async function CatalogPage({ searchParams }: Props) {
  const actor = await requireActor('apis.read')
  const { search, after, import: wanted } = view.parse(await searchParams)
  const page = await listApis(actor, { search, ...(after && { cursor: after }), limit: 50 })
  return (
    <ImportHost isOpen={wanted !== undefined}>
      <Page
        title="Catalog"
        actions={
          <>
            <ImportDocumentsButton />
            <NewApiButton />
          </>
        }
        bar={<CatalogSearch search={search} />}
      >
        <ApiTable key={`${search} ${after}`} filter={{ search, after }} initial={page} />
      </Page>
    </ImportHost>
  )
}
