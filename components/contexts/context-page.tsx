'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { whyGreyCaIsOurs, whyNotIssued } from '#domain/context-fit.ts'
import type { AuthorityRecord, CertificateRecord, ContextRecord, TrustImpact } from '#domain/trust-record.ts'
import { authorityQueries } from '../authorities/queries.ts'
import { runByLabel } from '../authorities/authority-fields.tsx'
import { TrustTabs } from '../certificates/trust-tabs.tsx'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { hexagonLook } from '#diagram/hexagon.ts'
import { Hexagon } from '../ui/hexagon.tsx'
import { Notice } from '../ui/notice.tsx'
import { Panel, Section } from '../ui/panel.tsx'
import { toast } from '../ui/toast.tsx'
import { ContextDialog } from './context-dialog.tsx'
import { DaysLeft, LifeBar } from './days-left.tsx'
import { contextQueries, removeContext } from './queries.ts'
import { Touched } from './touched.tsx'
import { TrustDialog } from './trust-dialog.tsx'
import { UsedBy } from './used-by.tsx'
import { useNow } from './use-now.ts'

interface Props {
  context: ContextRecord
  authorities: AuthorityRecord[]
  certificates: CertificateRecord[]
  impact: TrustImpact
  at: string
}

/** One context: whom it trusts, what it shows, who uses it, and whom a change reaches. */
export function ContextPage(initial: Props) {
  const { data: context } = useQuery({
    ...contextQueries.one(initial.context.id),
    initialData: initial.context,
  })
  const { data: authorities } = useQuery({ ...authorityQueries.list(), initialData: initial.authorities })
  const { data: certificates } = useQuery({
    ...authorityQueries.certificates(),
    initialData: initial.certificates,
  })
  const { data: impact } = useQuery({
    ...contextQueries.impact(initial.context.id),
    initialData: initial.impact,
  })
  const now = useNow(initial.at)
  const trusted = authorities.filter(({ id }) => context.authorityIds.includes(id))
  const keystore = certificates.find(({ id }) => id === context.keystoreId)
  return (
    <Page
      title={context.name}
      note={hexagonLook[context.class].label}
      crumbs={[{ label: 'Trust' }, { label: 'Contexts', href: '/contexts' }]}
      actions={<Actions context={context} now={now} />}
    >
      <div className="flex flex-col gap-6">
        <TrustTabs />
        <Faults context={context} trusted={trusted} keystore={keystore} authorities={authorities} />
        <div className="grid gap-6 lg:grid-cols-2">
          <Trusts context={context} trusted={trusted} now={now} />
          <Shows keystore={keystore} now={now} />
        </div>
        <Section title="Used by" description="In drafts or as it is deployed.">
          <Panel className="px-3 py-2.5 text-sm">
            <UsedBy uses={context.usedBy} most={100} />
          </Panel>
        </Section>
        <Section title="What a change touches" description="At once, without a redeploy.">
          <Touched impact={impact} none="Nothing that is deployed goes by it." />
        </Section>
      </div>
    </Page>
  )
}

function Actions({ context, now }: { context: ContextRecord; now: Date }) {
  const router = useRouter()
  const [asked, setAsked] = useState<'edit' | 'delete' | null>(null)
  const close = () => setAsked(null)
  if (!useMay('trust.write')) return null
  return (
    <>
      <Button variant="danger" aria-haspopup="dialog" onClick={() => setAsked('delete')}>
        Delete
      </Button>
      <Button variant="primary" aria-haspopup="dialog" onClick={() => setAsked('edit')}>
        Edit
      </Button>
      {asked === 'edit' && <ContextDialog context={context} now={now} onClose={close} />}
      {asked === 'delete' && (
        <TrustDialog
          title={`Delete ${context.name}?`}
          submit={`Delete ${context.name}`}
          danger
          size="sm"
          save={() => removeContext(context)}
          onSaved={() => {
            toast.success(`${context.name} is deleted`)
            router.push('/contexts')
          }}
          onClose={close}
        >
          {() => (
            <p className="text-sm text-ink-2">
              Its CAs and its certificate stay. It is refused while an API or a firewall uses it.
            </p>
          )}
        </TrustDialog>
      )}
    </>
  )
}

interface FaultProps {
  context: ContextRecord
  trusted: readonly AuthorityRecord[]
  keystore: CertificateRecord | undefined
  authorities: readonly AuthorityRecord[]
}

function Faults({ context, trusted, keystore, authorities }: FaultProps) {
  const issuers = authorities.map(({ certificate }) => certificate)
  const faults = [
    whyGreyCaIsOurs(context, trusted),
    keystore ? whyNotIssued(context, keystore, trusted, issuers) : null,
  ].filter((why) => why !== null)
  return faults.map((why) => (
    <Notice key={why} tone="err" title="Its parts do not go together">
      {why}
    </Notice>
  ))
}

interface TrustsProps {
  context: ContextRecord
  trusted: readonly AuthorityRecord[]
  now: Date
}

function Trusts({ context, trusted, now }: TrustsProps) {
  return (
    <Section title="Trusts" description="Whoever shows a certificate of these gets in.">
      <Panel className="divide-y divide-line">
        {trusted.map(({ id, name, runBy, certificate }) => (
          <div key={id} className="flex flex-wrap items-center gap-3 px-3.5 py-2.5">
            <Hexagon trust={context.class} />
            <div className="min-w-0 flex-1">
              <Link href={`/authorities/${id}`} className="rounded-sm text-sm font-medium hover:text-accent">
                {name}
              </Link>
              <div className="text-xs text-ink-3">run by {runByLabel[runBy]}</div>
            </div>
            <DaysLeft certificate={certificate} now={now} />
          </div>
        ))}
      </Panel>
    </Section>
  )
}

function Shows({ keystore, now }: { keystore: CertificateRecord | undefined; now: Date }) {
  const leaf = keystore?.chain[0]
  return (
    <Section title="Shows" description="The certificate of the gateway.">
      <Panel className="flex flex-col gap-2.5 px-3.5 py-2.5">
        {!keystore && <p className="text-sm text-ink-3">Nothing: it only validates the far side.</p>}
        {keystore && (
          <div className="flex flex-wrap items-center gap-3">
            <div className="min-w-0 flex-1">
              <Link
                href={`/certificates/${keystore.id}`}
                className="rounded-sm text-sm font-medium hover:text-accent"
              >
                {keystore.name}
              </Link>
              {leaf && (
                <Mono className="block break-all text-ink-3">
                  {leaf.names.map(({ value }) => value).join(', ') || leaf.subject}
                </Mono>
              )}
            </div>
            {leaf && <DaysLeft certificate={leaf} now={now} />}
          </div>
        )}
        {leaf && <LifeBar certificate={leaf} now={now} />}
        {keystore && !leaf && <p className="text-sm text-ink-3">Requested, and not there yet.</p>}
      </Panel>
    </Section>
  )
}
