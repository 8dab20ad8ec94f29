import type { Operation } from '../endpoint.ts'

export const networksOperations: readonly Operation[] = []
