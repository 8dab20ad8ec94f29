import Link from 'next/link'
import { Page } from '#components/shell/page.tsx'
import { Button } from '#components/ui/button.tsx'
import { NoPermission } from '#components/ui/empty-state.tsx'
import { currentActor } from '#lib/session/page.ts'

/** Answers 403 inside the portal, where the pages that the role may see stay at hand. */
export default async function Forbidden() {
  const actor = await currentActor()
  return (
    <Page title="Not allowed">
      <NoPermission
        title="Your role does not allow this"
        action={
          <Button asChild>
            <Link href="/">Go to the overview</Link>
          </Button>
        }
      >
        {`You are here as ${actor?.role ?? 'a guest'}. Ask an administrator for a role that may see this.`}
      </NoPermission>
    </Page>
  )
}
