import type { Operation } from '../endpoint.ts'
import { acceptanceOperations } from './acceptance-operations.ts'
import { authorityOperations } from './authority-operations.ts'
import { certificateOperations } from './certificate-operations.ts'
import { certificateVersionOperations } from './certificate-version-operations.ts'
import { contextOperations } from './context-operations.ts'
import { dataKeyOperations } from './data-key-operations.ts'
import { rotationOperations } from './rotation-operations.ts'

/** REST for what trust rests on. */
export const trustOperations: readonly Operation[] = [
  ...authorityOperations,
  ...certificateOperations,
  ...certificateVersionOperations,
  ...contextOperations,
  ...rotationOperations,
  ...acceptanceOperations,
  ...dataKeyOperations,
]
