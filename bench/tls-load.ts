import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { AnswerReader } from './answer.ts'
import type { TlsOptions } from './load.ts'

/** Asks over TLS with a client certificate, on connections that stay open or on a new one each time. */

// From load.ts, as JSON.
const told = JSON.parse(process.argv[2] ?? '') as TlsOptions
const options = {
  host: '127.0.0.1',
  port: told.port,
  servername: 'localhost',
  ca: readFileSync(join(told.folder, 'ca.pem')),
  cert: readFileSync(join(told.folder, 'client.pem')),
  key: readFileSync(join(told.folder, 'client-key.pem')),
}
const last = told.fresh ? 'Connection: close\r\n' : ''
const ask = `GET ${told.path} HTTP/1.1\r\nHost: localhost\r\n${last}\r\n`
const endMs = performance.now() + told.seconds * 1_000
let requests = 0
let failed = 0

function open(): void {
  const socket = connect(options, () => socket.write(ask))
  const reader = new AnswerReader()
  socket.on('data', (bytes: Buffer) => {
    const isGood = reader.take(bytes)
    if (isGood === undefined) return
    requests++
    if (!isGood) failed++
    next(socket)
  })
  socket.on('error', () => {
    failed++
    if (performance.now() < endMs) open()
  })
}

function next(socket: TLSSocket): void {
  if (performance.now() >= endMs) return void socket.destroy()
  if (!told.fresh) return void socket.write(ask)
  socket.destroy()
  open()
}

for (let index = 0; index < told.connections; index++) open()
process.on('exit', () => process.stdout.write(JSON.stringify({ requests, failed })))
