'use client'
import { createContext, useContext, useMemo } from 'react'
import type { Permission, Role } from '#domain/access.ts'
import { usualWatch, type Watch } from '#domain/certificate.ts'

/** Who looks at the portal, and of what. */
export interface Account {
  name: string
  role: Role
  organisation: string
  /** Days before their end from which certificates are warned of. */
  warningDays: number
  /** Names of the organisation's environments. */
  environments: readonly string[]
  /** What the role allows; the server decides again at every request. */
  permissions: readonly Permission[]
}

export interface Shell {
  account: Account
  openSearch: () => void
  openMenu: () => void
  openShortcuts: () => void
}

const context = createContext<Shell | null>(null)

export const ShellProvider = context.Provider

/** The frame around the page. */
export function useShell(): Shell {
  const shell = useContext(context)
  if (!shell) throw new Error('This belongs inside the portal frame.')
  return shell
}

/** Whether the reader's role allows it: for showing or explaining a control, never for guarding data. */
export function useMay(permission: Permission): boolean {
  return useShell().account.permissions.includes(permission)
}

/** When the organisation wants to be warned of certificates. */
export function useWatch(): Watch {
  const { warningDays } = useShell().account
  return useMemo(() => ({ ...usualWatch, expiryWarningDays: warningDays }), [warningDays])
}
