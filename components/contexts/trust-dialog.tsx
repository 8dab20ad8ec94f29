'use client'
import type { useQueryClient } from '@tanstack/react-query'
import { FormDialog, type FormDialogProps } from '../ui/form-dialog.tsx'

/** All that trust is shown in. */
const shownIn = [['trust'], ['topology']] as const

/** A dialog around one write of trust. */
export function TrustDialog<T>(props: Omit<FormDialogProps<T>, 'refreshes'>) {
  return <FormDialog {...props} refreshes={shownIn} />
}

/** Asks again for all that trust is shown in. */
export async function refreshTrust(client: ReturnType<typeof useQueryClient>): Promise<void> {
  await Promise.all(shownIn.map((queryKey) => client.invalidateQueries({ queryKey })))
}
