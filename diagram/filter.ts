import { z } from 'zod'
import { severities } from '#domain/finding.ts'
import { useCases } from '#domain/pattern.ts'
import type { FlowView } from '#domain/topology.ts'
import { findingsOfFlow, isOpen, type Model } from './model.ts'

/** Which flows stand out; null lets all of them. */
export interface FlowFilter {
  readonly useCase: (typeof useCases)[number] | null
  readonly severity: (typeof severities)[number] | null
}

export const severityWord = z.enum(severities)
export const useCaseNumber = z.coerce.number().pipe(z.literal(useCases))

export function isFiltered({ useCase, severity }: FlowFilter): boolean {
  return useCase !== null || severity !== null
}

/** Whether a flow passes the filter. */
export function passes(model: Model, flow: FlowView, { useCase, severity }: FlowFilter): boolean {
  if (useCase !== null && flow.classification?.useCase !== useCase) return false
  if (severity === null) return true
  return findingsOfFlow(model, flow.id).some((finding) => isOpen(finding) && finding.severity === severity)
}
