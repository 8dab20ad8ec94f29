import Link from 'next/link'
import { Page } from '../shell/page.tsx'
import { Button } from '../ui/button.tsx'
import { NoneYet } from '../ui/empty-state.tsx'

/** Stands in the place of the designer for an API that no gateway exposes. */
export function NotExposed({ apiId }: { apiId: string }) {
  return (
    <Page title="Policies" crumbs={[{ label: 'Catalog', href: '/catalog' }]}>
      <NoneYet
        title="This API is not exposed at a gateway"
        action={
          <Button asChild>
            <Link href={`/catalog/${apiId}`}>Open the API</Link>
          </Button>
        }
      >
        Policies stand between a gateway and an upstream. Expose the API first.
      </NoneYet>
    </Page>
  )
}
