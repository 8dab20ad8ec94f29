import type { Operation } from '../endpoint.ts'

export const policiesOperations: readonly Operation[] = []
