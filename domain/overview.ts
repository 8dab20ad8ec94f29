import { z } from 'zod'
import { apiSummary } from './catalog.ts'
import { revisionSummary } from './deployment.ts'
import { breaksText, entryHref, type ExpiryEntry, needsSomebody } from './expiry.ts'
import { gatewayTrouble, troublesInWords } from './gateway-reports.ts'
import { count } from './listing.ts'
import { nodeStatuses } from './node-status.ts'

/** The first page: how everything stands, and what would be sensible to do next. */

const overviewNode = z.object({
  id: z.string(),
  hostname: z.string(),
  gatewayId: z.string(),
  gatewayName: z.string(),
  status: z.enum(nodeStatuses),
  /** Why it is degraded. */
  problem: z.string().nullable(),
  /** The wanted revision that it refused, if it did. */
  refusedRevision: z.int().nullable(),
  refusal: z.string().nullable(),
  lastSeenAt: z.iso.datetime().nullable(),
})

const openApi = z.object({ apiId: z.string(), instanceId: z.string(), title: z.string() })

export const overview = z.object({
  apis: z.array(apiSummary),
  apisTotal: z.int(),
  gateways: z.array(z.object({ id: z.string(), name: z.string(), trouble: gatewayTrouble })),
  nodes: z.array(overviewNode),
  /** Over all nodes that report; null while none does. */
  requestsPerSecond: z.number().nullable(),
  errorsPerSecond: z.number().nullable(),
  refusedPerSecond: z.number().nullable(),
  /** API instances that differ from what runs, or do not run. */
  undeployed: z.array(
    z.object({
      apiId: z.string(),
      title: z.string(),
      instanceId: z.string(),
      gatewayId: z.string(),
      gatewayName: z.string(),
      isNew: z.boolean(),
    }),
  ),
  /** Deployed API instances that anybody may call, since no policy asks who calls. */
  open: z.array(openApi),
  revisions: z.array(
    revisionSummary
      .pick({
        gatewayId: true,
        number: true,
        kind: true,
        restoresNumber: true,
        note: true,
        createdAt: true,
        createdBy: true,
      })
      .extend({ gatewayName: z.string(), isHead: z.boolean() }),
  ),
})
export type Overview = z.infer<typeof overview>

export interface NextStep {
  urgency: 'now' | 'soon' | 'idea'
  text: string
  /** Why, in a few words. */
  reason: string
  href: string
}

type Seen = Pick<Overview, 'apisTotal' | 'apis' | 'gateways' | 'nodes' | 'undeployed' | 'open'>

/** What would be sensible to do next, the most urgent first. */
export function nextSteps(seen: Seen, endings: readonly ExpiryEntry[]): NextStep[] {
  const ending = endings.filter(needsSomebody)
  return [
    ...nodeSteps(seen),
    ...troubleSteps(seen, ending.length),
    ...certificateSteps(ending),
    ...buildSteps(seen),
    ...deploySteps(seen),
    ...protectSteps(seen),
  ]
}

function nodeSteps({ nodes, gateways }: Seen): NextStep[] {
  const refused = nodes.filter((node) => node.refusedRevision !== null)
  const steps = refused.map(
    (node): NextStep => ({
      urgency: 'now',
      text: `${node.hostname} refused revision ${node.refusedRevision}`,
      reason: node.refusal ?? 'It goes on serving what it served.',
      href: `/deployments?gateway=${node.gatewayId}`,
    }),
  )
  for (const node of nodes) {
    if (node.status === 'healthy') continue
    const offline = node.status === 'offline'
    steps.push({
      urgency: 'now',
      text: `${node.hostname} is ${node.status}`,
      reason: offline ? 'It serves its last configuration for as long as it runs.' : (node.problem ?? ''),
      href: `/gateways/${node.gatewayId}`,
    })
  }
  const gateway = gateways[0]
  if (nodes.length === 0 && gateway) {
    steps.push({
      urgency: 'now',
      text: `Start a node of ${gateway.name}`,
      reason: 'A gateway without nodes serves nothing. It takes one command.',
      href: `/gateways/${gateway.id}`,
    })
  }
  return steps
}

// What nodes say of certificates is of those that are known here by name, unless they show more of them.
function troubleSteps({ gateways }: Seen, named: number): NextStep[] {
  return gateways.flatMap(({ id, name, trouble }) =>
    troublesInWords(
      trouble.certificatesExpired + trouble.certificatesExpiring > named
        ? trouble
        : { ...trouble, certificatesExpired: 0, certificatesExpiring: 0 },
    ).map(
      ({ text, isUrgent, part }): NextStep => ({
        urgency: isUrgent ? 'now' : 'soon',
        text: `${text} at ${name}`,
        reason:
          part === 'upstreams'
            ? 'Its checks fail, or requests to it have.'
            : 'Connections that need it fail once it has ended.',
        href: `/gateways/${id}?tab=${part}`,
      }),
    ),
  )
}

const certificatesMax = 3

function certificateSteps(ending: readonly ExpiryEntry[]): NextStep[] {
  const steps = ending.slice(0, certificatesMax).map((entry): NextStep => {
    const { about, towards, breaks } = entry
    const name = towards === null ? about.name : `The certificate of ${about.name} towards ${towards}`
    return {
      urgency: urgencyOf(entry),
      text: `${name} ${endText(entry)}`,
      reason: breaks.legs === 0 ? 'Nothing uses it.' : `Without it ${breaksText(breaks)} fail.`,
      href: entryHref(entry),
    }
  })
  const rest = ending.length - steps.length
  if (rest === 0) return steps
  const text = `${count(rest, 'more certificate')} ${rest === 1 ? 'needs' : 'need'} somebody`
  const reason = 'They have ended, or end within their warning.'
  return [...steps, { urgency: 'soon', text, reason, href: '/certificates?state=attention' }]
}

function urgencyOf({ ends, breaks }: ExpiryEntry): NextStep['urgency'] {
  if (breaks.legs === 0) return 'idea'
  return ends?.state === 'expiring' ? 'soon' : 'now'
}

function endText({ ends }: ExpiryEntry): string {
  if (ends?.state === 'not-yet-valid') return 'is not valid yet'
  if (!ends || ends.daysLeft < 0) return 'has expired'
  return ends.daysLeft === 0 ? 'expires within a day' : `expires in ${count(ends.daysLeft, 'day')}`
}

function buildSteps({ apis, apisTotal }: Seen): NextStep[] {
  if (apisTotal === 0) {
    const text = 'Import an OpenAPI document'
    return [{ urgency: 'soon', text, reason: 'An API begins with its definition.', href: '/catalog' }]
  }
  return apis
    .filter((api) => api.exposures.length === 0)
    .map((api) => ({
      urgency: 'idea',
      text: `Expose ${api.title} at a gateway`,
      reason: 'It is in the catalog and nobody can call it.',
      href: `/catalog/${api.id}`,
    }))
}

function deploySteps({ undeployed }: Seen): NextStep[] {
  return undeployed.map(({ apiId, title, gatewayName, isNew }) => ({
    urgency: 'soon',
    text: isNew ? `Deploy ${title}` : `Deploy the changes of ${title}`,
    reason: isNew
      ? `It is not on ${gatewayName} yet.`
      : `Its draft differs from what runs on ${gatewayName}.`,
    href: `/catalog/${apiId}`,
  }))
}

function protectSteps({ open }: Seen): NextStep[] {
  return open.map(({ apiId, instanceId, title }) => ({
    urgency: 'idea',
    text: `Ask callers of ${title} for an API key`,
    reason: 'No policy asks who calls, so anybody may.',
    href: `/catalog/${apiId}/policies?instance=${instanceId}&add=api-key-auth`,
  }))
}
