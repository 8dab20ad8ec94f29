import type { Socket } from 'node:net'

/**
 * Spares a socket the look ahead that Node's streams take after every chunk: a tick, and a read that finds reading
 * under way. Bytes are taken as they come, and a socket that was paused reads on when it resumes. The member is one
 * of Node's own that its documentation does not name; should it go, nothing is spared and nothing breaks.
 */
export function withoutLookAhead(socket: Socket): void {
  const { _readableState: state } = socket as unknown as { _readableState?: { readingMore?: boolean } }
  if (state !== undefined) state.readingMore = true
}

/** A read that is worth it: bodies that flow come in such pieces. */
const LARGE_BYTES = 16_384

/**
 * Gives back what a large read came in, which nobody may look at again. V8 would let such buffers lie until 64 MB of
 * them have gathered.
 */
export function giveBack({ buffer, length }: Buffer): void {
  if (length < LARGE_BYTES || buffer.byteLength !== length || !(buffer instanceof ArrayBuffer)) return
  buffer.transfer(0)
}
