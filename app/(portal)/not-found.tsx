import Link from 'next/link'
import { Page } from '#components/shell/page.tsx'
import { Button } from '#components/ui/button.tsx'
import { NoneYet } from '#components/ui/empty-state.tsx'

export default function NotFound() {
  return (
    <Page title="Not found">
      <NoneYet
        title="There is nothing at this address"
        action={
          <Button asChild>
            <Link href="/">Go to the overview</Link>
          </Button>
        }
      >
        It may have been removed, or it belongs to another organisation.
      </NoneYet>
    </Page>
  )
}
