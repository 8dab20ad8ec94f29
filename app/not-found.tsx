import Link from 'next/link'
import { Button } from '#components/ui/button.tsx'
import { NoneYet } from '#components/ui/empty-state.tsx'
import { Logo } from '#components/ui/logo.tsx'

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-lg flex-col justify-center gap-4 p-6">
      <Logo />
      <h1 className="sr-only">Not found</h1>
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
    </main>
  )
}
