'use client'
import { useQuery } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { everything, type ExpiryList, matching } from '#domain/expiry.ts'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { Button } from '../ui/button.tsx'
import { NoMatch, NoneYet } from '../ui/empty-state.tsx'
import { AddCertificate, AddCertificateButton } from './add-dialog.tsx'
import { ExpiryFilterBar } from './expiry-filter-bar.tsx'
import { ExpiryTable } from './expiry-table.tsx'
import { ExpiryTimeline } from './expiry-timeline.tsx'
import { certificateQueries } from './queries.ts'
import { RotateDialog } from './rotate-dialog.tsx'
import { TrustTabs } from './trust-tabs.tsx'
import { useExpiryFilter } from './use-expiry-filter.ts'

/** Everything that can lapse, the soonest first, with what fails then. */
export function CertificatesPage({ initial, isAdding }: { initial: ExpiryList; isAdding: boolean }) {
  const { data: list } = useQuery({ ...certificateQueries.expiries(), initialData: initial })
  const { filter, change } = useExpiryFilter()
  const mayWrite = useMay('trust.write')
  const [rotating, setRotating] = useState<string | null>(null)
  const shown = matching(list, filter)
  return (
    <AddCertificate isOpen={isAdding}>
      <Page
        title="Certificates"
        crumbs={[{ label: 'Trust' }]}
        actions={<AddCertificateButton variant="primary" />}
      >
        <div className="flex flex-col gap-5">
          <TrustTabs />
          {list.entries.length > 0 && (
            <div className="flex flex-wrap items-center gap-2">
              <ExpiryFilterBar list={list} filter={filter} change={change} />
            </div>
          )}
          {list.entries.length === 0 ? (
            <FirstCertificate mayWrite={mayWrite} />
          ) : (
            <>
              <ExpiryTimeline list={list} chosen={filter.month} choose={(month) => change({ month })} />
              {shown.length === 0 ? (
                <NoMatch
                  title="No certificate matches"
                  action={<Button onClick={() => change(everything)}>Show all {list.entries.length}</Button>}
                >
                  Names, subjects, issuers and contexts are searched.
                </NoMatch>
              ) : (
                <ExpiryTable entries={shown} rotate={mayWrite ? setRotating : null} />
              )}
            </>
          )}
        </div>
      </Page>
      <RotateDialog certificateId={rotating} close={() => setRotating(null)} />
    </AddCertificate>
  )
}

function FirstCertificate({ mayWrite }: { mayWrite: boolean }) {
  return (
    <NoneYet
      icon={ShieldCheck}
      title="No certificate yet"
      action={mayWrite && <AddCertificateButton variant="primary" />}
    >
      {mayWrite
        ? 'Drop a PEM or PKCS#12 file anywhere on this page, or have the development CA issue one.'
        : 'An owner, an operator or an admin can add one.'}
    </NoneYet>
  )
}
