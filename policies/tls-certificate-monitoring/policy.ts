import { z } from 'zod'
import { type ApiCertificate, definePolicy, type Ports } from '../definition.ts'

const days = z.number().min(0).max(3_650)

const watched = z.strictObject({
  name: z.string().min(1).max(300).meta({ title: 'Name', description: 'What people call it.' }),
  type: z.enum(['server', 'client', 'ca']).meta({
    title: 'Kind',
    description: 'The certificate of the API, the one that upstreams are shown, or a CA that is trusted.',
  }),
  renewalMethod: z
    .enum(['cert-manager', 'manual'])
    .default('manual')
    .meta({ title: 'Renewed', description: 'Who renews it, which warnings say.' }),
  rotationWindow: days
    .optional()
    .meta({ title: 'Renewed before', description: 'Days before the end at which it is to be renewed.' }),
})

const config = z.strictObject({
  expiryWarningDays: days
    .default(30)
    .meta({ title: 'Warn before', description: 'Days before the end.', examples: [30] }),
  lifetimeFraction: z
    .number()
    .gt(0)
    .max(1)
    .default(1 / 3)
    .meta({
      title: 'Share of the lifetime',
      description:
        'Certificates that live for days alone are warned of only once so much of their lifetime is left.',
      advanced: true,
    }),
  logLevel: z
    .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'])
    .default('WARN')
    .meta({ title: 'Level', description: 'Of the lines in the log. What has expired is always an error.' }),
  certificates: z.array(watched).max(100).default([]).meta({
    title: 'Certificates',
    description:
      'Names and windows for some kinds. All certificates of the API are watched over in any case.',
  }),
})
type Config = z.infer<typeof config>
type Watched = Config['certificates'][number]

const dayMs = 86_400_000
/** A line in the log every six hours; certificates do not come closer to their end in haste. */
const againMs = dayMs / 4

const levels = { DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const

/** How long before its end a certificate is warned of. */
function warningMs(
  certificate: ApiCertificate,
  { expiryWarningDays, lifetimeFraction }: Config,
  entry?: Watched,
): number {
  const lifetime = certificate.notAfter - certificate.notBefore
  const wanted = Math.max(expiryWarningDays, entry?.rotationWindow ?? 0) * dayMs
  return Math.min(wanted, lifetimeFraction * lifetime)
}

function look(settings: Config, ports: Ports): void {
  const now = ports.nowMs()
  for (const certificate of ports.api.certificates) {
    const entry = settings.certificates.find(({ type }) => type === certificate.type)
    const leftMs = certificate.notAfter - now
    const fields = {
      type: certificate.type,
      subject: certificate.subject,
      serialNumber: certificate.serialNumber,
      expires: new Date(certificate.notAfter).toISOString(),
      daysLeft: Math.floor(leftMs / dayMs),
      ...(entry === undefined ? {} : { name: entry.name, renewalMethod: entry.renewalMethod }),
    }
    const labels = { type: certificate.type }
    if (leftMs <= 0) {
      ports.log('error', 'certificate_expired', fields)
      ports.count('expired', labels)
    } else if (leftMs <= warningMs(certificate, settings, entry)) {
      ports.log(levels[settings.logLevel], 'certificate_expires', fields)
      ports.count('expiring', labels)
    }
  }
}

// What an API does not have is never warned of, which whoever lists it should hear.
function sayWhatIsMissing(settings: Config, ports: Ports): void {
  for (const { name, type } of settings.certificates) {
    if (!ports.api.certificates.some((certificate) => certificate.type === type))
      ports.log('warn', 'certificate_not_there', { name, type })
  }
}

/** Warns before the certificates of an API expire. */
export const tlsCertificateMonitoring = definePolicy<Config>({
  kind: 'tls-certificate-monitoring',
  policyVersion: '1.0.0',
  title: 'Certificate watch',
  summary: 'Warns in the log and in the metrics before certificates of the API expire.',
  category: 'observability',
  config,
  summarise: ({ expiryWarningDays, logLevel }) => `${expiryWarningDays} days before the end, as ${logLevel}`,
  prepare(settings, ports) {
    sayWhatIsMissing(settings, ports)
    let cancel: () => void = () => undefined
    const watch = () => {
      look(settings, ports)
      cancel = ports.after(againMs, watch)
    }
    watch()
    return { dispose: () => cancel() }
  },
})
