import { validityOf } from '#domain/certificate.ts'
import type { ApiCertificate } from '#policies/definition.ts'

/** A certificate that is not valid at a moment. It is served all the same, so this is to be said and not refused. */
export interface Lapsed {
  readonly type: ApiCertificate['type']
  /** One sentence. */
  readonly detail: string
}

const titles: Readonly<Record<ApiCertificate['type'], string>> = {
  server: 'the certificate of the API',
  client: 'the client certificate',
  ca: 'the trusted CA',
}

export function lapsedAmong(certificates: readonly ApiCertificate[], now: Date): Lapsed[] {
  return certificates.flatMap((certificate) => {
    const { type, subject } = certificate
    const words = wordsOf(certificate, now)
    return words === null ? [] : [{ type, detail: `${titles[type]} (${subject}) ${words}` }]
  })
}

function wordsOf({ notBefore, notAfter }: ApiCertificate, now: Date): string | null {
  const [start = '', end = ''] = [notBefore, notAfter].map((ms) => new Date(ms).toISOString())
  const { state } = validityOf({ notBefore: start, notAfter: end }, now)
  if (state === 'expired') return `expired on ${end.slice(0, 10)}`
  return state === 'not-yet-valid' ? `is not valid before ${start.slice(0, 10)}` : null
}
