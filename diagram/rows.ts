import { actualText } from '#domain/context.ts'
import { type LegView, readingFor } from '#domain/leg.ts'
import { type FlowFilter, passes } from './filter.ts'
import { deploymentLook, ownerLabel, roleLabel } from './looks.ts'
import { findingsOfFlow, isOpen, type Model } from './model.ts'
import { expectedText, legTitle, trafficText } from './words.ts'

/** One flow of the table: the same as the map says, in words. */
export interface FlowRow {
  readonly id: string
  readonly consumer: string
  readonly consumerOwner: string
  readonly consumerNetwork: string
  readonly api: string
  readonly provider: string
  readonly providerOwner: string
  readonly providerNetwork: string
  readonly gateway: string
  readonly useCase: string
  readonly pattern: string
  readonly role: string
  readonly legs: readonly {
    readonly id: string
    readonly title: string
    readonly expected: string
    readonly actual: string
    readonly class: NonNullable<LegView['expected']>['class'] | null
  }[]
  readonly deployment: string
  readonly traffic: string
  readonly errors: number
  readonly warnings: number
  readonly findings: readonly string[]
  /** Errors before warnings, for sorting. */
  readonly weight: number
}

export function rowsOf(model: Model, filter: FlowFilter): FlowRow[] {
  return model.topology.flows
    .filter((flow) => passes(model, flow, filter))
    .map((flow): FlowRow => {
      const api = model.apis.get(flow.apiId)
      const consumer = model.parties.get(flow.consumerId)
      const provider = api?.providerId ? model.parties.get(api.providerId) : undefined
      const network = (id: string | undefined) => (id ? (model.networks.get(id)?.name ?? '') : '')
      const findings = findingsOfFlow(model, flow.id).filter(isOpen)
      const errors = findings.filter(({ severity }) => severity === 'error').length
      const warnings = findings.filter(({ severity }) => severity === 'warning').length
      return {
        id: flow.id,
        consumer: consumer?.name ?? '',
        consumerOwner: consumer ? ownerLabel[consumer.owner] : '',
        consumerNetwork: network(consumer?.networkId),
        api: api ? `${api.name} ${api.label}` : '',
        provider: provider?.name ?? 'not named',
        providerOwner: provider ? ownerLabel[provider.owner] : '',
        providerNetwork: network(provider?.networkId),
        gateway: api ? (model.gateways.get(api.gatewayId)?.name ?? '') : '',
        useCase: flow.classification ? String(flow.classification.useCase) : '',
        pattern: flow.classification?.pattern ?? '',
        role: flow.classification ? roleLabel[flow.classification.role] : '',
        legs: flow.legs.flatMap((id) => {
          const leg = model.legs.get(id)
          if (!leg) return []
          return [
            {
              id,
              title: legTitle(leg),
              expected: expectedText(leg.expected),
              actual: actualText(readingFor(leg, flow.apiId).actual),
              class: leg.expected?.class ?? null,
            },
          ]
        }),
        deployment: api ? deploymentLook[api.deployment].label : '',
        traffic: (api && trafficText(api)) ?? '',
        errors,
        warnings,
        findings: findings.map(({ why }) => why),
        weight: errors * 1000 + warnings,
      }
    })
}
