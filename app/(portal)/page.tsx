import { Overview } from '#components/overview/overview.tsx'
import { Page } from '#components/shell/page.tsx'
import { readOverview } from '#lib/organisation/overview.ts'
import { requireActor } from '#lib/session/page.ts'

export const metadata = { title: 'Overview' }

export default async function OverviewPage() {
  const seen = await readOverview(await requireActor('organisation.read'))
  return (
    <Page title="Overview">
      <Overview initial={seen} />
    </Page>
  )
}
