import { createServer } from 'node:http'
import next from 'next'
import { db } from '#lib/db.ts'
import { env } from '#lib/env.ts'
import { cutPastHourly } from '#lib/history/cut.ts'
import { startHub } from '#lib/hub/hub.ts'
import { guardUpgrades } from '#lib/hub/upgrade.ts'
import { log } from '#lib/log.ts'
import { authenticateHandshake } from '#lib/session/handshake.ts'
import { masterKeys } from '#lib/trust/master-keys.ts'

const dev = process.env['HEXGATE_DEV'] === '1'
const hostname = process.env['HEXGATE_PORTAL_ADDRESS'] || '127.0.0.1'
const port = Number(process.env['HEXGATE_PORTAL_PORT'] || 3000)
env()
// Keys that cannot be read stop the start, not the first request that needs them.
masterKeys()

// Next hangs its upgrade handler on the server that it is given. It gets one that never listens,
// so that in production nothing but the hub can upgrade.
const decoy = createServer()
const app = next({ dev, hostname, port, httpServer: decoy })
await app.prepare()
const handle = app.getRequestHandler()

const server = createServer((request, response) => {
  if (request.url?.startsWith('/')) return void handle(request, response)
  response.writeHead(400, { connection: 'close' }).end()
})
guardUpgrades(
  server,
  dev ? { prefix: '/_next/hmr', take: (...upgrade) => void decoy.emit('upgrade', ...upgrade) } : undefined,
)
const hub = startHub(server, authenticateHandshake)
const cutting = cutPastHourly()
server.listen(port, hostname, () => log.info({ hostname, port }, 'the portal listens'))

let stopping = false
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'the portal stops')
    setTimeout(() => process.exit(0), 5_000).unref()
    void stop().then(() => process.exit(0))
  })
}

async function stop(): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  cutting.close()
  await hub.close()
  server.closeIdleConnections()
  await closed
  await app.close()
  await db().$disconnect()
}
