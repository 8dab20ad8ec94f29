import Link from 'next/link'
import { Button } from '#components/ui/button.tsx'
import { NoPermission } from '#components/ui/empty-state.tsx'
import { Logo } from '#components/ui/logo.tsx'
import { currentActor, entryProblem } from '#lib/session/page.ts'

/** Answers 403: the role does not allow it, or the membership has ended. */
export default async function Forbidden() {
  const problem = await entryProblem()
  const actor = await currentActor()
  return (
    <main className="mx-auto flex min-h-dvh max-w-lg flex-col justify-center gap-4 p-6">
      <Logo />
      <NoPermission
        title={problem ? 'You belong to no organisation here' : 'Your role does not allow this'}
        action={
          <Button asChild>
            {problem ? (
              <a href="/api/auth/signin/oidc?prompt=login">Use another account</a>
            ) : (
              <Link href="/">Go to the overview</Link>
            )}
          </Button>
        }
      >
        {problem
          ? 'Your membership has ended. Ask an administrator to add you again.'
          : `You are here as ${actor?.role ?? 'a guest'}. Ask an administrator for a role that may see this.`}
      </NoPermission>
    </main>
  )
}
