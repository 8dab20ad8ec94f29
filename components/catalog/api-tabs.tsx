'use client'
import { useQuery } from '@tanstack/react-query'
import { usePathname, useRouter, useSearchParams } from 'next/navigation'
import type { ApiDetail, VersionDetail } from '#domain/catalog.ts'
import { Notice } from '../ui/notice.tsx'
import { Tabs, TabsContent, TabsList, TabsTrigger } from '../ui/tabs.tsx'
import { ConsumerList } from './consumer-list.tsx'
import { curlLine, operationToTry } from './curl.ts'
import { DefinitionView } from './definition-view.tsx'
import { InstanceSettings } from './instance-settings.tsx'
import { OperationList } from './operation-list.tsx'
import { apiQueries } from './queries.ts'
import { RemoveApi } from './remove-api.tsx'
import { VersionList } from './version-list.tsx'

interface Props {
  api: ApiDetail
  /** The version that is shown: the one at the gateway, or the newest. */
  version: VersionDetail
  instanceId: string | null
}

/** Everything about an API that is looked up now and then. The address holds the open tab. */
export function ApiTabs({ api: initial, version, instanceId }: Props) {
  const { data: api } = useQuery({ ...apiQueries.detail(initial.id), initialData: initial })
  const router = useRouter()
  const path = usePathname()
  const search = useSearchParams()
  const instance = api.instances.find(({ id }) => id === instanceId)
  const choose = (tab: string) => {
    const next = new URLSearchParams(search)
    next.set('tab', tab)
    router.replace(`${path}?${next}`, { scroll: false })
  }
  return (
    <Tabs value={search.get('tab') ?? 'operations'} onValueChange={choose}>
      <TabsList aria-label="About the API">
        <TabsTrigger value="operations">Operations</TabsTrigger>
        {instance && <TabsTrigger value="consumers">Consumers</TabsTrigger>}
        <TabsTrigger value="definition">Definition</TabsTrigger>
        <TabsTrigger value="versions">Versions</TabsTrigger>
        <TabsTrigger value="settings">Settings</TabsTrigger>
      </TabsList>
      <TabsContent value="operations">
        <OperationList operations={version.operationList} />
      </TabsContent>
      {instance && (
        <TabsContent value="consumers">
          <ConsumerList
            instance={instance}
            curlOf={(key) => curlLine(instance, operationToTry(version.operationList), key)}
          />
        </TabsContent>
      )}
      <TabsContent value="definition" className="flex flex-col gap-3">
        <Notes version={version} />
        <DefinitionView apiId={api.id} versionId={version.id} name={`${api.name}-${version.label}`} />
      </TabsContent>
      <TabsContent value="versions">
        <VersionList api={api} />
      </TabsContent>
      <TabsContent value="settings">
        {instance ? (
          <InstanceSettings api={api} instance={instance} />
        ) : (
          <RemoveApi api={api} instance={null} />
        )}
      </TabsContent>
    </Tabs>
  )
}

function Notes({ version }: { version: VersionDetail }) {
  if (version.notes.length === 0) return null
  return (
    <Notice tone={version.sourceFormat === 'swagger-2.0' ? 'info' : 'warn'} title="Noticed at import">
      <ul className="list-disc pl-4">
        {version.notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </Notice>
  )
}
