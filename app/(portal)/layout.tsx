import type { ReactNode } from 'react'
import { PortalFrame } from '#components/shell/portal-frame.tsx'
import { readAccount } from '#lib/organisation/read.ts'
import { requireActor } from '#lib/session/page.ts'

export default async function PortalLayout({ children }: { children: ReactNode }) {
  const account = await readAccount(await requireActor())
  return <PortalFrame account={account}>{children}</PortalFrame>
}
