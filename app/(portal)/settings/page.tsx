import { EnvironmentTable } from '#components/settings/environments.tsx'
import { PastPanel } from '#components/settings/past-panel.tsx'
import { MemberTable, ServiceAccountTable } from '#components/settings/people.tsx'
import { SettingsTabs } from '#components/settings/settings-tabs.tsx'
import { WarningDays } from '#components/settings/warning-days.tsx'
import { Page } from '#components/shell/page.tsx'
import { Mono } from '#components/ui/code-line.tsx'
import { Fact, Facts, Panel, Section } from '#components/ui/panel.tsx'
import { listEnvironments } from '#lib/gateways/read.ts'
import { readReach } from '#lib/history/reach.ts'
import { readAccount } from '#lib/organisation/read.ts'
import { readOrganisation } from '#lib/organisation/settings.ts'
import { listMembers } from '#lib/session/members.ts'
import { requireActor } from '#lib/session/page.ts'
import { listServiceAccounts } from '#lib/session/service-accounts.ts'

export const metadata = { title: 'Settings' }

export default async function SettingsPage() {
  const actor = await requireActor('organisation.read')
  const [account, organisation, past, environments, members, serviceAccounts] = await Promise.all([
    readAccount(actor),
    readOrganisation(actor),
    readReach(actor),
    listEnvironments(actor),
    listMembers(actor),
    listServiceAccounts(actor),
  ])
  return (
    <Page title="Settings">
      <SettingsTabs />
      <div className="flex max-w-240 flex-col gap-6">
        <Section title="Organisation">
          <Panel className="px-4 py-3">
            <Facts>
              <Fact label="Name">{account.organisation}</Fact>
              <Fact label="Id">
                <Mono>{actor.organisationId}</Mono>
              </Fact>
              <Fact label="Environments">{account.environments.join(', ') || 'none'}</Fact>
              <Fact label="Your role">{account.role}</Fact>
            </Facts>
          </Panel>
        </Section>
        <WarningDays organisation={organisation} />
        <EnvironmentTable environments={environments} />
        <PastPanel initial={past} />
        <MemberTable members={members} />
        <ServiceAccountTable accounts={serviceAccounts} />
      </div>
    </Page>
  )
}
