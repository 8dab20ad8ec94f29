import { Overview } from '#components/overview/overview.tsx'
import { Page } from '#components/shell/page.tsx'
import { readOverview } from '#lib/organisation/overview.ts'
import { requireActor } from '#lib/session/page.ts'
import { listExpiries } from '#lib/trust/expiries.ts'

export const metadata = { title: 'Overview' }

export default async function OverviewPage() {
  const actor = await requireActor('organisation.read')
  const [seen, expiries] = await Promise.all([readOverview(actor), listExpiries(actor)])
  return (
    <Page title="Overview">
      <Overview initial={seen} expiries={expiries} />
    </Page>
  )
}
