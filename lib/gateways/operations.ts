import type { Operation } from '../endpoint.ts'

export const gatewaysOperations: readonly Operation[] = []
