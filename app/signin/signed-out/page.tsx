import type { Metadata } from 'next'
import Link from 'next/link'
import { Button } from '#components/ui/button.tsx'

export const metadata: Metadata = { title: 'Signed out' }

export default async function SignedOutPage({ searchParams }: PageProps<'/signin/signed-out'>) {
  const { only } = await searchParams
  return (
    <>
      <h1 className="text-xl font-semibold tracking-tight">You are signed out</h1>
      <p className="mt-1 text-base text-ink-2">
        {only === 'here'
          ? 'Here. The identity provider did not answer: whoever uses this browser next may still be signed in there.'
          : 'Here and at the identity provider.'}
      </p>
      <div className="mt-5 grid">
        <Button asChild variant="primary" size="lg">
          <Link href="/signin">Sign in again</Link>
        </Button>
      </div>
    </>
  )
}
