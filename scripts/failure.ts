/** A failure that the person at the terminal can do something about. It is shown as one line, without a stack. */
export class Failure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Failure'
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  // A connection that was tried at several addresses fails with an empty message and the reasons inside.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
