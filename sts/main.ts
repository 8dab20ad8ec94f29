import pino from 'pino'
import { type RunningSts, startSts } from './server.ts'
import { readSettings } from './settings.ts'

const log = pino({ name: 'sts', level: process.env['HEXGATE_LOG_LEVEL'] ?? 'info' })

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const sts = await startSts(settings, log)
  log.info({ issuer: sts.issuer, port: sts.port, address: settings.address }, 'serving')
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(sts))
}

async function stop(sts: RunningSts): Promise<void> {
  await sts.close()
  process.exit(0)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
