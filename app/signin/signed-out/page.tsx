import type { Metadata } from 'next'
import Link from 'next/link'
import { Button } from '#components/ui/button.tsx'

export const metadata: Metadata = { title: 'Signed out' }

export default function SignedOutPage() {
  return (
    <>
      <h1 className="text-xl font-semibold tracking-tight">You are signed out</h1>
      <p className="mt-1 text-base text-ink-2">Here and at the identity provider. Gateways go on serving.</p>
      <div className="mt-5 grid">
        <Button asChild variant="primary" size="lg">
          <Link href="/signin">Sign in again</Link>
        </Button>
      </div>
    </>
  )
}
