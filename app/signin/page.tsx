import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { Button } from '#components/ui/button.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { localPath } from '#lib/session/login.ts'
import { currentActor } from '#lib/session/page.ts'
import { messageFor } from './messages.ts'

export const metadata: Metadata = { title: 'Sign in' }

export default async function SignInPage({ searchParams }: PageProps<'/signin'>) {
  const { next, error } = await searchParams
  const returnTo = localPath(typeof next === 'string' ? next : null)
  if (error === undefined && (await currentActor())) redirect(returnTo)
  const message = typeof error === 'string' ? messageFor(error) : null
  const start = `/api/auth/signin/oidc?${new URLSearchParams({ next: returnTo })}`
  return (
    <>
      <h1 className="text-xl font-semibold tracking-tight">Sign in</h1>
      <p className="mt-1 text-base text-ink-2">See, prove and control every boundary that your APIs cross.</p>
      {message && (
        <Notice tone={message.tone} title={message.title} alert className="mt-4">
          {message.detail}
        </Notice>
      )}
      <div className="mt-5 grid gap-2">
        {/* Plain links: these addresses lead out of the portal, to the identity provider. */}
        <Button asChild variant="primary" size="lg">
          <a href={start}>{message?.again ?? 'Sign in'}</a>
        </Button>
        {message?.otherAccount && (
          <Button asChild size="lg">
            <a href={`${start}&prompt=login`}>Use another account</a>
          </Button>
        )}
      </div>
    </>
  )
}
