'use client'
import { useQuery } from '@tanstack/react-query'
import { Network } from 'lucide-react'
import { useState } from 'react'
import type { AppliedNetworkPolicies } from '#domain/applied-network-policies.ts'
import { count } from '#domain/listing.ts'
import { findingTitle, severityLook } from '#diagram/looks.ts'
import { FileView } from '../documents/file-view.tsx'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Notice } from '../ui/notice.tsx'
import { Fact, Facts, Panel, Section } from '../ui/panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { toast } from '../ui/toast.tsx'
import { ApplyDialog } from './apply-dialog.tsx'
import { ComparisonView } from './comparison.tsx'
import { networkPolicyQueries, removeApplied } from './queries.ts'

/** The NetworkPolicies around a gateway: what is applied, what it blocks, and what would let through what is declared. */
export function NetworkPoliciesPage({ view: initial }: { view: AppliedNetworkPolicies }) {
  const { data: view } = useQuery({
    ...networkPolicyQueries.of(initial.gatewayId),
    initialData: initial,
  })
  const { gatewayId, gatewayName, applied, generated, comparison } = view
  const [asked, setAsked] = useState<'apply' | 'remove' | null>(null)
  const mayWrite = useMay('topology.write')
  const close = () => setAsked(null)
  return (
    <Page
      title="NetworkPolicies"
      note={`around ${gatewayName}`}
      crumbs={[
        { label: 'Gateways', href: '/gateways' },
        { label: gatewayName, href: `/gateways/${gatewayId}` },
      ]}
      actions={mayWrite && <Actions view={view} ask={setAsked} />}
    >
      <div className="flex flex-col gap-6">
        {applied ? (
          <>
            <About applied={applied} />
            <Findings view={view} />
            <Section
              title="Difference"
              description="Beside the set that lets through what is declared and nothing else."
            >
              <ComparisonView comparison={comparison} />
            </Section>
          </>
        ) : (
          <Nothing mayWrite={mayWrite} ask={() => setAsked('apply')} />
        )}
        <div className="grid gap-6 xl:grid-cols-2">
          {applied && (
            <Section title="Applied" className="min-w-0">
              <FileView file={{ name: `${gatewayName}-applied.yaml`, text: applied.yaml }} />
            </Section>
          )}
          <Section
            title="Generated"
            description={
              applied
                ? 'Deny everything, then exactly what is declared, for the same pods.'
                : 'Deny everything, then exactly what is declared, for pods with app=hexgate in default.'
            }
            className="min-w-0"
          >
            <FileView file={{ name: `${gatewayName}-network-policies.yaml`, text: generated.yaml }} />
          </Section>
        </div>
      </div>
      {asked === 'apply' && <ApplyDialog view={view} onClose={close} />}
      {asked === 'remove' && <RemoveDialog view={view} onClose={close} />}
    </Page>
  )
}

function Actions({ view, ask }: { view: AppliedNetworkPolicies; ask: (asked: 'apply' | 'remove') => void }) {
  return (
    <>
      {view.applied && (
        <Button variant="danger" aria-haspopup="dialog" onClick={() => ask('remove')}>
          Remove
        </Button>
      )}
      <Button variant="primary" aria-haspopup="dialog" onClick={() => ask('apply')}>
        {view.applied ? 'Replace' : 'Upload what is applied'}
      </Button>
    </>
  )
}

function Nothing({ mayWrite, ask }: { mayWrite: boolean; ask: () => void }) {
  return (
    <NoneYet
      icon={Network}
      title="Nobody has said what is applied"
      action={
        mayWrite && (
          <Button aria-haspopup="dialog" onClick={ask}>
            Upload what is applied
          </Button>
        )
      }
    >
      With the NetworkPolicies of the cluster, what they block of the declared flows stands among the
      findings.
      {!mayWrite && ' An owner, an operator or an admin can upload them.'}
    </NoneYet>
  )
}

type Applied = NonNullable<AppliedNetworkPolicies['applied']>

const knownBy: Record<Applied['podsKnownBy'], string> = {
  given: 'as it was said',
  image: 'by the image that they run',
  name: 'by the name that the policies give them',
  nothing: 'nothing tells them: the usual label is presumed',
}

function About({ applied }: { applied: Applied }) {
  const { namespace, podLabels, podsKnownBy, policies, at, by } = applied
  return (
    <Panel className="px-4 py-3">
      <Facts>
        <Fact label="Policies">{policies}</Fact>
        <Fact label="Namespace of the gateway">
          <Mono>{namespace}</Mono>
        </Fact>
        <Fact label="Its pods">
          <Mono className="mr-2">
            {Object.entries(podLabels)
              .map(([label, value]) => `${label}=${value}`)
              .join(', ')}
          </Mono>
          <span className="text-ink-3">{knownBy[podsKnownBy]}</span>
        </Fact>
        <Fact label="Said">
          <RelativeTime at={at} /> by {by}
        </Fact>
      </Facts>
    </Panel>
  )
}

const tones = { error: 'err', warning: 'warn', note: 'info' } as const

function Findings({ view: { findings } }: { view: AppliedNetworkPolicies }) {
  return (
    <Section
      title={
        findings.length === 0 ? 'Nothing that is declared is blocked' : count(findings.length, 'finding')
      }
      description="Every client, upstream, name server and key set that is declared was tried."
    >
      {findings.length > 0 && (
        <div className="flex flex-col gap-2">
          {findings.map(({ id, code, severity, why, fix, accepted }) => (
            <Notice
              key={id}
              tone={accepted ? 'info' : tones[severity]}
              title={
                <>
                  {findingTitle[code]}{' '}
                  <span className="text-xs font-normal text-ink-3">{severityLook[severity].label}</span>
                </>
              }
            >
              <p className="break-words first-letter:uppercase">{why}</p>
              <p className="text-xs text-ink-3">
                {fix.label}: the generated set does.
                {accepted && ` Accepted by ${accepted.owner} until ${accepted.until.slice(0, 10)}.`}
              </p>
            </Notice>
          ))}
        </div>
      )}
    </Section>
  )
}

function RemoveDialog({ view, onClose }: { view: AppliedNetworkPolicies; onClose: () => void }) {
  return (
    <FormDialog
      title="Remove the applied NetworkPolicies?"
      size="sm"
      submit="Remove them"
      danger
      save={() => removeApplied(view)}
      refreshes={[['topology']]}
      onSaved={() => {
        toast.success('The NetworkPolicies are removed')
        onClose()
      }}
      onClose={onClose}
    >
      {() => (
        <p className="text-sm text-ink-2">
          They are judged no longer, and their findings go. In the cluster nothing changes; the past keeps
          them.
        </p>
      )}
    </FormDialog>
  )
}
