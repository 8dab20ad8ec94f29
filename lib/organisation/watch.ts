import { usualWatch, type Watch } from '#domain/certificate.ts'
import type { Tx } from '../db.ts'

/** When the organisation wants to be warned of certificates. */
export async function organisationWatch(tx: Tx, organisationId: string): Promise<Watch> {
  const { warningDays } = await tx.organisation.findUniqueOrThrow({
    where: { id: organisationId },
    select: { warningDays: true },
  })
  return watchBy(warningDays)
}

/** A warning so many days before, and never longer than is usual of a short life. */
export function watchBy(warningDays: number): Watch {
  return { ...usualWatch, expiryWarningDays: warningDays }
}
