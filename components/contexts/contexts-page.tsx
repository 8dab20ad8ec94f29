'use client'
import { useQuery } from '@tanstack/react-query'
import { Hexagon } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { AuthorityRecord, CertificateRecord, ContextRecord } from '#domain/trust-record.ts'
import { authorityQueries } from '../authorities/queries.ts'
import { TrustTabs } from '../certificates/trust-tabs.tsx'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { ContextDialog } from './context-dialog.tsx'
import { ContextTable } from './context-table.tsx'
import { contextQueries } from './queries.ts'
import { useNow } from './use-now.ts'

interface Props {
  contexts: ContextRecord[]
  authorities: AuthorityRecord[]
  certificates: CertificateRecord[]
  at: string
}

/** The mTLS contexts that APIs and firewalls take their trust from. */
export function ContextsPage(initial: Props) {
  const { data: contexts } = useQuery({ ...contextQueries.list(), initialData: initial.contexts })
  const { data: authorities } = useQuery({ ...authorityQueries.list(), initialData: initial.authorities })
  const { data: certificates } = useQuery({
    ...authorityQueries.certificates(),
    initialData: initial.certificates,
  })
  const now = useNow(initial.at)
  const router = useRouter()
  const mayWrite = useMay('trust.write')
  const [isAdding, setAdding] = useState(false)
  const add = mayWrite && (
    <Button variant="primary" aria-haspopup="dialog" onClick={() => setAdding(true)}>
      Add context
    </Button>
  )
  return (
    <Page title="Contexts" crumbs={[{ label: 'Trust' }]} actions={contexts.length > 0 && add}>
      <div className="flex flex-col gap-5">
        <TrustTabs />
        {contexts.length === 0 ? (
          <NoneYet icon={Hexagon} title="No context yet" action={add}>
            A context joins the CAs that validate the far side with the certificate that it is shown. Legs
            take their hexagon from it.
            {!mayWrite && ' An owner or an operator can add one.'}
          </NoneYet>
        ) : (
          <ContextTable {...{ contexts, authorities, certificates, now }} />
        )}
      </div>
      {isAdding && (
        <ContextDialog
          now={now}
          onSaved={({ id }) => router.push(`/contexts/${id}`)}
          onClose={() => setAdding(false)}
        />
      )}
    </Page>
  )
}
