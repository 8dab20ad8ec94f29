import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { RotationPage } from '#components/authorities/rotation-page.tsx'
import { requireActor } from '#lib/session/page.ts'
import { listAuthorities } from '#lib/trust/read.ts'
import { listRotations } from '#lib/trust/rotations.ts'

export const metadata: Metadata = { title: 'Rotate a CA' }

export default async function Rotation({ params }: PageProps<'/authorities/[authorityId]/rotation'>) {
  const actor = await requireActor('trust.read')
  const fromId = z.uuid().safeParse((await params).authorityId).data ?? notFound()
  const [authorities, rotations] = await Promise.all([listAuthorities(actor), listRotations(actor)])
  if (!authorities.some(({ id }) => id === fromId)) notFound()
  return <RotationPage {...{ fromId, authorities, rotations }} at={new Date().toISOString()} />
}
