import { z } from 'zod'

const fault = z.object({
  pointer: z.string(),
  detail: z.string(),
  line: z.number().optional(),
  column: z.number().optional(),
})
export type ProblemFault = z.infer<typeof fault>

/** A problem document as the browser reads it. */
export const problemShape = z.looseObject({
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string().default(''),
  faults: z.array(fault).default([]),
  requestId: z.string().optional(),
})
export type ProblemShape = z.infer<typeof problemShape>

/** What the server refused, or why it could not be asked. `message` is its detail. */
export class ProblemError extends Error {
  readonly title: string
  readonly status: number
  readonly code: string
  readonly faults: readonly ProblemFault[]
  readonly requestId: string | undefined
  /** The whole document, with the members that this problem adds. */
  readonly document: ProblemShape

  constructor(document: ProblemShape) {
    super(document.detail || document.title)
    this.name = 'ProblemError'
    this.title = document.title
    this.status = document.status
    this.code = document.code
    this.faults = document.faults
    this.requestId = document.requestId
    this.document = document
  }
}

/** Whatever was thrown, as a problem that can be shown. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  const detail = error instanceof Error ? error.message : String(error)
  return new ProblemError({
    title: 'Something failed in the page',
    status: 0,
    code: 'page',
    detail,
    faults: [],
  })
}
