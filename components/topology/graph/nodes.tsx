'use client'
import { Handle, type NodeProps, Position } from 'reactflow'
import type { NetworkClass } from '#domain/network.ts'
import { cn } from '../../ui/class-names.ts'
import { Dot, WordState } from '../../ui/state.tsx'
import { gatewayPoint, headHeight } from '#diagram/layout/measures.ts'
import {
  deploymentLook,
  findingMark,
  laneLook,
  locationLabel,
  ownerLabel,
  severityLook,
} from '#diagram/looks.ts'
import { handshakesText } from '#diagram/handshakes.ts'
import { looseFinding, networkOf } from '#diagram/model.ts'
import {
  apiDetail,
  apiSubtitle,
  gatewayDetail,
  gatewayState,
  gatewaySubtitle,
  networkDetail,
  partyDetail,
  partySubtitle,
} from '#diagram/words.ts'
import type { CaptionNode, CardNode, FirewallNode, GatewayNode, LaneNode, NetworkNode } from './elements.ts'
import { ThingChange } from '../history/thing-change.tsx'
import { useGraph } from './graph-context.tsx'
import { StopButton } from './stop-button.tsx'

/** The things that stand in the topology, as they are drawn. */

// What is in view is measured, and React Flow draws no line without handles at its ends; ours know their own way, so
// these are never seen.
function Ends() {
  return (
    <span aria-hidden className="invisible">
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </span>
  )
}

function useStanding(boxId: string): { dimmed: boolean; lit: boolean } {
  const { highlight } = useGraph()
  const lit = highlight?.boxes.has(boxId) ?? false
  return { dimmed: highlight !== null && !lit, lit }
}

export function CaptionShape({ data: { text } }: NodeProps<CaptionNode>) {
  return <div className="text-center text-2xs text-ink-3">{text}</div>
}

const laneFill: Record<NetworkClass, string> = {
  'non-org-external': 'var(--zone-non)',
  'org-external': 'var(--zone-ext)',
  'org-internal': 'var(--zone-int)',
}

export function LaneShape({ data: { lane } }: NodeProps<LaneNode>) {
  const { title, hint, dashed } = laneLook[lane.class]
  return (
    <div
      className={cn('size-full rounded-xl border border-line-2', dashed && 'border-dashed')}
      style={{ background: laneFill[lane.class] }}
    >
      <div className="flex items-baseline gap-4 px-3.5 pt-2">
        <span className="text-xs font-semibold text-ink-2">{title}</span>
        <span className="text-2xs text-ink-3">{hint}</span>
      </div>
    </div>
  )
}

export function NetworkShape({ data: { network: drawn } }: NodeProps<NetworkNode>) {
  const { model, selection } = useGraph()
  const network = model.networks.get(drawn.id)
  if (!network) return null
  const parent = network.parentId ? model.networks.get(network.parentId) : undefined
  const elsewhere = parent && parent.class !== network.class ? `, inside ${parent.name}` : ''
  const chosen = selection?.kind === 'network' && selection.id === network.id
  return (
    <div className={cn('size-full rounded-lg border border-line-2 bg-panel/40', chosen && 'border-accent')}>
      <StopButton
        selection={{ kind: 'network', id: network.id }}
        detail={networkDetail(model, network)}
        className="ml-1 flex h-6 max-w-[calc(100%-8px)] items-baseline gap-2 rounded-sm px-1.5 pt-1 hover:text-accent"
      >
        <span className="truncate text-2xs font-medium text-ink-2">{network.name}</span>
        <span className="truncate text-2xs text-ink-3">
          {locationLabel[network.location]}
          {elsewhere}
        </span>
      </StopButton>
    </div>
  )
}

const cardLook = 'relative size-full rounded-lg border bg-panel'

export function CardShape({ id, data: { card } }: NodeProps<CardNode>) {
  const { model, selection } = useGraph()
  const { dimmed, lit } = useStanding(id)
  const chosen = selection?.kind === 'party' && selection.id === card.partyId
  const party = card.partyId ? model.parties.get(card.partyId) : undefined
  if (card.partyId && !party) return null
  const name = party?.name ?? 'Provider not named'
  const single = card.rows.length === 0
  // A head above rows has no room for the location; the network's box around it says it.
  const subtitle = party
    ? single
      ? partySubtitle(party, networkOf(model, party))
      : ownerLabel[party.owner]
    : ''
  return (
    <div
      className={cn(
        cardLook,
        lit ? 'border-accent ring-1 ring-accent' : 'border-line-2',
        dimmed && 'border-line [&_*]:text-ink-3',
        chosen && 'bg-accent-soft',
        !party && 'border-dashed',
      )}
    >
      {party ? (
        <StopButton
          selection={{ kind: 'party', id: party.id }}
          detail={partyDetail(model, party)}
          className={cn(
            'w-full rounded-lg hover:bg-canvas/60',
            single ? 'flex h-full flex-col justify-center px-3' : 'flex items-center gap-2 px-2.5',
          )}
        >
          <Head name={name} subtitle={subtitle} single={single} />
        </StopButton>
      ) : (
        <div className="flex items-center px-2.5" style={{ height: headHeight }}>
          <span className="truncate text-2xs font-medium text-warn">{name}</span>
        </div>
      )}
      <ThingChange id={card.partyId ?? ''} className="absolute -top-2 right-2" />
      {card.rows.map(({ apiId }) => (
        <ApiRow key={apiId} apiId={apiId} />
      ))}
      <Ends />
    </div>
  )
}

function Head({ name, subtitle, single }: { name: string; subtitle: string; single: boolean }) {
  if (single) {
    return (
      <>
        <span dir="auto" className="w-full truncate text-left text-sm font-semibold">
          {name}
        </span>
        <span className="w-full truncate text-2xs text-ink-3">{subtitle}</span>
      </>
    )
  }
  return (
    <span className="flex min-w-0 items-center gap-1.5" style={{ height: headHeight }}>
      <span dir="auto" className="truncate text-2xs font-medium text-ink-2">
        {name}
      </span>
      <span className="shrink-0 text-2xs text-ink-3">{subtitle}</span>
    </span>
  )
}

function ApiRow({ apiId }: { apiId: string }) {
  const { model, selection } = useGraph()
  const api = model.apis.get(apiId)
  if (!api) return null
  const chosen = selection?.kind === 'api' && selection.id === apiId
  const finding = looseFinding(model, apiId)
  return (
    <StopButton
      selection={{ kind: 'api', id: apiId }}
      detail={apiDetail(model, api)}
      className={cn(
        'flex h-13.5 w-full flex-col justify-center border-t border-line px-3 last:rounded-b-lg hover:bg-canvas/60',
        chosen && 'bg-accent-soft hover:bg-accent-soft',
      )}
    >
      <span className="flex w-full items-center gap-1.75">
        <Dot tone={deploymentLook[api.deployment].tone} />
        <span dir="auto" className="truncate text-sm font-semibold">
          {api.name}
        </span>
      </span>
      <span className="flex w-full gap-2 pl-3.5 text-2xs text-ink-3 tnum">
        <span className="shrink-0">{apiSubtitle(api)}</span>
        <ThingChange id={apiId} />
        {finding ? (
          <WordState tone={severityLook[finding.severity].tone} className="ml-auto truncate text-2xs">
            {findingMark[finding.code]}
          </WordState>
        ) : (
          <span className="ml-auto truncate">{api.label}</span>
        )}
      </span>
    </StopButton>
  )
}

export function GatewayShape({ id, data: { gateway: drawn } }: NodeProps<GatewayNode>) {
  const { model, selection } = useGraph()
  const { dimmed } = useStanding(id)
  const gateway = model.gateways.get(drawn.id)
  if (!gateway) return null
  const { width, height } = drawn.box
  const chosen = selection?.kind === 'gateway' && selection.id === gateway.id
  const state = gatewayState(gateway)
  const failing = handshakesText(gateway)
  const p = gatewayPoint
  const outline = `${p},1 ${width - p},1 ${width - 1},${height / 2} ${width - p},${height - 1} ${p},${height - 1} 1,${height / 2}`
  return (
    <div className={cn('relative size-full', dimmed && '[&_*]:text-ink-3')}>
      <svg aria-hidden width={width} height={height} className="absolute inset-0 overflow-visible">
        <polygon
          points={outline}
          fill="var(--accent-soft)"
          stroke={dimmed ? 'var(--line-2)' : 'var(--accent)'}
          strokeWidth={chosen ? 3 : 2}
          strokeLinejoin="round"
        />
      </svg>
      <StopButton
        selection={{ kind: 'gateway', id: gateway.id }}
        detail={gatewayDetail(gateway)}
        className="relative flex size-full flex-col items-center justify-center rounded-lg px-5 text-center"
      >
        <span className="w-full truncate text-center text-sm font-semibold">{gateway.name}</span>
        <span className="text-2xs text-ink-2 tnum">{gatewaySubtitle(gateway)}</span>
        <WordState tone={state.tone} className="text-2xs">
          {state.text}
        </WordState>
        {failing && (
          <WordState tone="err" className="max-w-full truncate text-2xs">
            {failing}
          </WordState>
        )}
      </StopButton>
      <Ends />
    </div>
  )
}

export function FirewallShape({ id, data: { firewall } }: NodeProps<FirewallNode>) {
  const { model, choose } = useGraph()
  const { dimmed, lit } = useStanding(id)
  const name = model.networks.get(firewall.networkId)?.firewall ?? 'Firewall'
  return (
    // The keyboard and screen readers meet the firewall at its network, which this chooses too.
    <div
      aria-hidden
      title={`Firewall ${name}`}
      onClick={() => choose({ kind: 'network', id: firewall.networkId }, false)}
      className={cn(
        'pointer-events-auto flex size-full cursor-pointer flex-col items-center justify-center gap-1 rounded-sm border bg-panel transition-opacity',
        lit ? 'border-accent ring-1 ring-accent' : 'border-line-2',
        dimmed && 'opacity-40',
      )}
    >
      {[0, 1, 2].map((bar) => (
        <i key={bar} className="h-px w-2.5 bg-ink-3" />
      ))}
      <Ends />
    </div>
  )
}
