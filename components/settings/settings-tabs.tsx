'use client'
import { useMay } from '../shell/shell-context.tsx'
import { LinkTabs } from '../ui/tabs.tsx'

/** The pages of the settings. */
export function SettingsTabs() {
  const mayAudit = useMay('audit.read')
  const tabs = [
    { href: '/settings', label: 'Organisation', exact: true },
    ...(mayAudit ? [{ href: '/settings/audit', label: 'Audit trail' }] : []),
  ]
  return <LinkTabs label="Parts of the settings" tabs={tabs} className="mb-5" />
}
