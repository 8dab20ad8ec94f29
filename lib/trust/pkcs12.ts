import { inWorker, type WorkerLimits } from '../worker.ts'

/** What a PKCS#12 file holds, in DER form, or why it cannot be said. */
export type Pkcs12 =
  | { readonly certificates: readonly Uint8Array[]; readonly keys: readonly Uint8Array[] }
  | { readonly fault: 'unreadable' | 'password' | 'algorithm' | 'deadline' | 'memory' }

// A password that is hashed 600,000 times takes some 15 seconds.
const standard: WorkerLimits = { deadlineMs: 20_000, heapMegabytesMax: 128 }

/** Reads a PKCS#12 file (RFC 7292) in a thread of its own. Keys come as PKCS#8. */
export async function readPkcs12(
  file: Uint8Array,
  password: string,
  limits: WorkerLimits = standard,
): Promise<Pkcs12> {
  const outcome = await inWorker<Pkcs12>('lib/trust/pkcs12-worker.ts', { file, password }, limits)
  return 'said' in outcome ? outcome.said : { fault: outcome.met }
}
