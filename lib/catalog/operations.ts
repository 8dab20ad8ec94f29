import type { Operation } from '../endpoint.ts'

export const catalogOperations: readonly Operation[] = []
