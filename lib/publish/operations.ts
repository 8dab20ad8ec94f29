import type { Operation } from '../endpoint.ts'

export const publishOperations: readonly Operation[] = []
