'use client'
import { useQuery } from '@tanstack/react-query'
import type { ApiDetail, InstanceView, OperationView, Traffic } from '#domain/catalog.ts'
import type { InstanceDeployment } from '#domain/deployment.ts'
import { NodeTable, NoNodes, Refusals } from '../deployments/node-table.tsx'
import { deploymentQueries } from '../deployments/queries.ts'
import { CodeLine } from '../ui/code-line.tsx'
import { figure, milliseconds, requestRate } from '#domain/figures.ts'
import { Section } from '../ui/panel.tsx'
import { DotState } from '../ui/state.tsx'
import { Tile, Tiles } from '../ui/tile.tsx'
import { curlLine, operationToTry } from './curl.ts'
import { type PolicyChoice, PolicyStrip } from './policy-strip.tsx'
import { apiQueries } from './queries.ts'
import { servingLook, servingOf } from './serving.ts'

interface Props {
  api: ApiDetail
  instanceId: string
  deployment: InstanceDeployment
  traffic: Traffic | null
  operations: readonly OperationView[]
  policies: readonly PolicyChoice[]
}

/** What an API does at its gateway just now: where it answers, how much, under which policies, on which nodes. */
export function ApiOverview({ api, instanceId, operations, policies, ...initial }: Props) {
  const { data } = useQuery({ ...apiQueries.detail(api.id), initialData: api })
  const { data: deployment } = useQuery({
    ...deploymentQueries.instance(instanceId),
    initialData: initial.deployment,
  })
  const { data: traffic } = useQuery({ ...apiQueries.traffic(instanceId), initialData: initial.traffic })
  const instance = data.instances.find(({ id }) => id === instanceId)
  if (!instance) return null
  return (
    <div className="flex flex-col gap-5">
      <Endpoint instance={instance} operation={operationToTry(operations)} />
      <TrafficTiles traffic={traffic} deployment={deployment} />
      <Section title="Policies" description="In the order in which requests meet them">
        <PolicyStrip apiId={api.id} instance={instance} offered={policies} />
      </Section>
      {deployment.headRevision > 0 && (
        <Section
          title="Nodes"
          description={`Desired: revision ${deployment.headRevision} of ${deployment.gatewayName}`}
        >
          {deployment.nodes.length === 0 ? <NoNodes /> : <NodeTable nodes={deployment.nodes} />}
          <div className="mt-3 flex flex-col gap-2 empty:hidden">
            <Refusals nodes={deployment.nodes} number={deployment.headRevision} />
          </div>
        </Section>
      )}
    </div>
  )
}

function Endpoint({ instance, operation }: { instance: InstanceView; operation: OperationView | undefined }) {
  return (
    <div className="grid grid-cols-1 gap-2 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <CodeLine text={instance.endpointUrl} label="Copy the address" />
      <CodeLine text={curlLine(instance, operation)} label="Copy the command" />
    </div>
  )
}

function TrafficTiles({ traffic, deployment }: { traffic: Traffic | null; deployment: InstanceDeployment }) {
  const serving = servingOf(deployment)
  const { label, tone } = servingLook[serving]
  const applied =
    serving === 'not-served' ? 0 : deployment.nodes.filter(({ state }) => state === 'applied').length
  const note = traffic === null ? 'no node reports' : 'last 5 seconds'
  return (
    <Tiles>
      <Tile
        label="Nodes"
        value={deployment.nodes.length === 0 ? '–' : `${applied} of ${deployment.nodes.length}`}
        note={<DotState tone={tone}>{label}</DotState>}
      />
      <Tile label="Requests" value={traffic ? requestRate(traffic.requestsPerSecond) : '–'} note={note} />
      <Tile
        label="Errors"
        value={traffic ? `${figure(traffic.errorsPerSecond)}/s` : '–'}
        note={shareOf(traffic, 'errorsPerSecond')}
      />
      <Tile
        label="Refused by policies"
        value={traffic ? `${figure(traffic.refusedPerSecond)}/s` : '–'}
        note={shareOf(traffic, 'refusedPerSecond')}
      />
      <Tile
        label="p95 of the gateway"
        value={traffic?.p95Ms == null ? '–' : milliseconds(traffic.p95Ms)}
        note="its slowest node"
      />
    </Tiles>
  )
}

function shareOf(traffic: Traffic | null, what: 'errorsPerSecond' | 'refusedPerSecond'): string {
  if (traffic === null || traffic.requestsPerSecond === 0) return ''
  return `${((100 * traffic[what]) / traffic.requestsPerSecond).toFixed(1)} % of requests`
}
