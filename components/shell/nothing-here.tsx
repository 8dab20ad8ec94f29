import Link from 'next/link'
import { Button } from '../ui/button.tsx'
import { NoneYet } from '../ui/empty-state.tsx'

/** What stands at an address that leads nowhere, inside the frame and outside of it. */
export function NothingHere() {
  return (
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
  )
}
