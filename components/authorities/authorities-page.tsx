'use client'
import { useQuery } from '@tanstack/react-query'
import { Stamp } from 'lucide-react'
import type { AuthorityRecord, ContextRecord, RotationSummary } from '#domain/trust-record.ts'
import { TrustTabs } from '../certificates/trust-tabs.tsx'
import { contextQueries } from '../contexts/queries.ts'
import { useNow } from '../contexts/use-now.ts'
import { Page } from '../shell/page.tsx'
import { useMay } from '../shell/shell-context.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { DevelopmentAuthorityButton, ImportAuthorityButton } from './add-authority.tsx'
import { AuthorityTable } from './authority-table.tsx'
import { authorityQueries, rotationQueries } from './queries.ts'

interface Props {
  authorities: AuthorityRecord[]
  contexts: ContextRecord[]
  rotations: RotationSummary[]
  /** When this was read. */
  at: string
}

/** The CAs of the organisation and of those that it deals with. */
export function AuthoritiesPage(initial: Props) {
  const { data: authorities } = useQuery({ ...authorityQueries.list(), initialData: initial.authorities })
  const { data: contexts } = useQuery({ ...contextQueries.list(), initialData: initial.contexts })
  const { data: rotations } = useQuery({ ...rotationQueries.list(), initialData: initial.rotations })
  const now = useNow(initial.at)
  const mayWrite = useMay('trust.write')
  const hasOwn = authorities.some(({ builtIn }) => builtIn)
  return (
    <Page
      title="CAs"
      crumbs={[{ label: 'Trust' }]}
      actions={
        mayWrite &&
        authorities.length > 0 && (
          <>
            {!hasOwn && <DevelopmentAuthorityButton />}
            <ImportAuthorityButton variant="primary" />
          </>
        )
      }
    >
      <div className="flex flex-col gap-5">
        <TrustTabs />
        {authorities.length === 0 ? (
          <NoneYet
            icon={Stamp}
            title="No CA yet"
            action={
              mayWrite && (
                <>
                  <DevelopmentAuthorityButton variant="primary" />
                  <ImportAuthorityButton />
                </>
              )
            }
          >
            A CA vouches for certificates. Contexts name the CAs that they trust, and the class of a context
            follows from who runs them.
            {!mayWrite && ' An owner or an operator can add one.'}
          </NoneYet>
        ) : (
          <AuthorityTable authorities={authorities} contexts={contexts} rotations={rotations} now={now} />
        )}
      </div>
    </Page>
  )
}
