import type { Operation } from '../endpoint.ts'

export const sessionOperations: readonly Operation[] = []
