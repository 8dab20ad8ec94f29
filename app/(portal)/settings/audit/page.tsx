import { AuditTrail } from '#components/settings/audit-trail.tsx'
import { SettingsTabs } from '#components/settings/settings-tabs.tsx'
import { Page } from '#components/shell/page.tsx'
import { requireActor } from '#lib/session/page.ts'

export const metadata = { title: 'Audit trail' }

export default async function AuditPage() {
  await requireActor('audit.read')
  return (
    <Page title="Audit trail" crumbs={[{ label: 'Settings', href: '/settings' }]}>
      <SettingsTabs />
      <AuditTrail />
    </Page>
  )
}
