'use client'
import { useQuery } from '@tanstack/react-query'
import { MoreHorizontal } from 'lucide-react'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import type {
  AuthorityRecord,
  CertificateRecord,
  ContextRecord,
  RotationSummary,
  TrustImpact,
} from '#domain/trust-record.ts'
import { TrustTabs } from '../certificates/trust-tabs.tsx'
import { DaysLeft, LifeBar } from '../contexts/days-left.tsx'
import { contextQueries } from '../contexts/queries.ts'
import { Touched } from '../contexts/touched.tsx'
import { useNow } from '../contexts/use-now.ts'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx'
import { Fact, Facts, Panel, Section } from '../ui/panel.tsx'
import { DeleteAuthority, DownloadPem, EditAuthority, SignRequest } from './authority-actions.tsx'
import { runByLabel } from './authority-fields.tsx'
import { RotationLink, TrustedBy } from './authority-table.tsx'
import { IssuedList } from './issued-list.tsx'
import { authorityQueries, rotationQueries } from './queries.ts'

interface Props {
  id: string
  authorities: AuthorityRecord[]
  contexts: ContextRecord[]
  certificates: CertificateRecord[]
  rotations: RotationSummary[]
  impact: TrustImpact
  at: string
}

/** One CA: what its certificate says, who vouches for it, what it issued, and what needs it. */
export function AuthorityPage(initial: Props) {
  const { data: authorities } = useQuery({ ...authorityQueries.list(), initialData: initial.authorities })
  const { data: contexts } = useQuery({ ...contextQueries.list(), initialData: initial.contexts })
  const { data: certificates } = useQuery({
    ...authorityQueries.certificates(),
    initialData: initial.certificates,
  })
  const { data: rotations } = useQuery({ ...rotationQueries.list(), initialData: initial.rotations })
  const { data: impact } = useQuery({
    ...authorityQueries.impact(initial.id),
    initialData: initial.impact,
  })
  const now = useNow(initial.at)
  const authority = authorities.find(({ id }) => id === initial.id) ?? null
  if (authority === null) return <Gone />
  return (
    <Page
      title={authority.name}
      note={authority.builtIn ? 'for development' : undefined}
      crumbs={[{ label: 'Trust' }, { label: 'CAs', href: '/authorities' }]}
      actions={<Actions authority={authority} rotations={rotations} now={now} />}
    >
      <div className="flex flex-col gap-6">
        <TrustTabs />
        <div className="grid gap-6 lg:grid-cols-[3fr_2fr]">
          <AboutCertificate authority={authority} now={now} />
          <Chain authority={authority} all={authorities} now={now} />
        </div>
        <Section
          title="Trusted by"
          description="Contexts in which whoever shows a certificate of it gets in."
        >
          <Panel className="px-3 py-2.5 text-sm">
            <TrustedBy authority={authority} contexts={contexts} />
          </Panel>
        </Section>
        <Section title="What needs it" description="As it is deployed now: without it, these fail.">
          <Touched impact={impact} none="Nothing that is deployed goes by it." />
        </Section>
        <IssuedList authority={authority} all={authorities} certificates={certificates} now={now} />
      </div>
    </Page>
  )
}

function Gone() {
  return (
    <Page title="CA" crumbs={[{ label: 'Trust' }, { label: 'CAs', href: '/authorities' }]}>
      <p className="text-sm text-ink-2">This CA has been deleted.</p>
    </Page>
  )
}

type Asked = 'edit' | 'delete' | 'sign' | null

function Actions({
  authority,
  rotations,
  now,
}: {
  authority: AuthorityRecord
  rotations: readonly RotationSummary[]
  now: Date
}) {
  const mayWrite = useMay('trust.write')
  const [asked, setAsked] = useState<Asked>(null)
  const close = () => setAsked(null)
  return (
    <>
      <RotationLink authority={authority} rotations={rotations} now={now} size="md" />
      <DownloadPem name={authority.name} pem={authority.pem} />
      {mayWrite && authority.canIssue && (
        <Button aria-haspopup="dialog" onClick={() => setAsked('sign')}>
          Sign a request
        </Button>
      )}
      {mayWrite && (
        <Menu>
          <MenuTrigger asChild>
            <Button size="icon" aria-label={`More about ${authority.name}`}>
              <MoreHorizontal aria-hidden />
            </Button>
          </MenuTrigger>
          <MenuContent>
            <MenuItem onSelect={() => setAsked('edit')}>Edit name and owner…</MenuItem>
            <MenuItem danger onSelect={() => setAsked('delete')}>
              Delete…
            </MenuItem>
          </MenuContent>
        </Menu>
      )}
      {asked === 'edit' && <EditAuthority authority={authority} onClose={close} />}
      {asked === 'delete' && <DeleteAuthority authority={authority} onClose={close} />}
      {asked === 'sign' && <SignRequest authority={authority} onClose={close} />}
    </>
  )
}

function AboutCertificate({ authority, now }: { authority: AuthorityRecord; now: Date }) {
  const { certificate, runBy, canIssue } = authority
  return (
    <Section title="Certificate">
      <Panel className="flex flex-col gap-3 px-4 py-3">
        <DaysLeft certificate={certificate} now={now} />
        <LifeBar certificate={certificate} now={now} />
        <Facts>
          <Fact label="Run by">{runByLabel[runBy]}</Fact>
          <Fact label="Issues here">
            {canIssue ? 'yes, its key is sealed here' : 'no, its key is elsewhere'}
          </Fact>
          <Fact label="Subject">
            <Mono>{certificate.subject}</Mono>
          </Fact>
          <Fact label="Issuer">
            <Mono>{certificate.selfSigned ? 'itself' : certificate.issuer}</Mono>
          </Fact>
          <Fact label="Key">
            {certificate.key.algorithm} {certificate.key.bits}
          </Fact>
          <Fact label="Serial number">
            <Mono className="break-all">{certificate.serialNumber}</Mono>
          </Fact>
          <Fact label="SHA-256">
            <Mono className="break-all">{certificate.sha256}</Mono>
          </Fact>
        </Facts>
      </Panel>
    </Section>
  )
}

/** From this CA up to the root, as far as it is known here. */
function chainOf(authority: AuthorityRecord, all: readonly AuthorityRecord[]): AuthorityRecord[] {
  const chain = [authority]
  for (let each: AuthorityRecord | undefined = authority; each; ) {
    const parentId: string | null = each.parentId
    each = all.find(({ id }) => id === parentId && !chain.some((known) => known.id === id))
    if (each) chain.unshift(each)
  }
  return chain
}

function Chain({
  authority,
  all,
  now,
}: {
  authority: AuthorityRecord
  all: readonly AuthorityRecord[]
  now: Date
}) {
  const chain = chainOf(authority, all)
  const [top] = chain
  const missing = top && !top.certificate.selfSigned ? top.certificate.issuer : null
  return (
    <Section title="Chain" description="From the root down to it.">
      <ol className="flex flex-col">
        {missing !== null && (
          <ChainLink isFirst>
            <Mono className="break-all text-ink-3">{missing}</Mono>
            <span className="block text-xs text-ink-3">not known here</span>
          </ChainLink>
        )}
        {chain.map((each, index) => (
          <ChainLink key={each.id} isFirst={index === 0 && missing === null} isOn={each.id === authority.id}>
            {each.id === authority.id ? (
              <span className="text-sm font-semibold">{each.name}</span>
            ) : (
              <Link
                href={`/authorities/${each.id}`}
                className="rounded-sm text-sm font-medium hover:text-accent"
              >
                {each.name}
              </Link>
            )}
            <DaysLeft certificate={each.certificate} now={now} />
          </ChainLink>
        ))}
      </ol>
    </Section>
  )
}

function ChainLink({
  isFirst,
  isOn = false,
  children,
}: {
  isFirst: boolean
  isOn?: boolean
  children: ReactNode
}) {
  return (
    <li className="relative pl-5">
      {!isFirst && <span aria-hidden className="block h-4 w-px translate-x-3 bg-line-2" />}
      <div className={`rounded-lg border bg-panel px-3 py-2 ${isOn ? 'border-accent' : 'border-line'} -ml-5`}>
        {children}
      </div>
    </li>
  )
}
