/** TLS as it was configured cannot be set up. `path` leads to what is wrong, inside the policy's configuration. */
export class TlsFault extends Error {
  readonly path: readonly string[]

  constructor(path: readonly string[], reason: string) {
    super(reason)
    this.path = path
  }
}
