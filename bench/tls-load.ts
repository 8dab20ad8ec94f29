import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'

/**
 * Asks over TLS with a client certificate, on connections that stay open or on a new one each time, and says how
 * many answers came: `node bench/tls-load.ts PORT PATH CONNECTIONS SECONDS keep|new FOLDER`.
 */

const [portText = '', path = '/', connections = '1', seconds = '1', mode = 'keep', folder = '.'] =
  process.argv.slice(2)
const options = {
  host: '127.0.0.1',
  port: Number(portText),
  servername: 'localhost',
  ca: readFileSync(join(folder, 'ca.pem')),
  cert: readFileSync(join(folder, 'client.pem')),
  key: readFileSync(join(folder, 'client-key.pem')),
}
const ask = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${mode === 'new' ? 'Connection: close\r\n' : ''}\r\n`
const endMs = performance.now() + Number(seconds) * 1_000
let requests = 0
let failed = 0

function open(): void {
  const socket = connect(options, () => socket.write(ask))
  let head = ''
  let left = -1
  socket.on('data', (bytes: Buffer) => {
    if (left < 0) {
      head += bytes.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      if (!head.startsWith('HTTP/1.1 200')) failed++
      left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) - (head.length - end - 4)
    } else left -= bytes.length
    if (left > 0) return
    requests++
    head = ''
    left = -1
    next(socket)
  })
  socket.on('error', () => {
    failed++
    if (performance.now() < endMs) open()
  })
}

function next(socket: TLSSocket): void {
  if (performance.now() >= endMs) return void socket.destroy()
  if (mode === 'keep') return void socket.write(ask)
  socket.destroy()
  open()
}

for (let index = 0; index < Number(connections); index++) open()
process.on('exit', () => process.stdout.write(`${requests} requests in ${seconds}s, ${failed} failed\n`))
