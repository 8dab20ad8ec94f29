import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificates } from '../certificates.ts'
import type { Credentials } from '../credentials.ts'
import { basePath, type Peer, type Place, routedApis, type Work } from './work.ts'

/** It verifies the signature of a token anew with every request. */
export const haproxy: Peer = {
  name: 'HAProxy',
  program: 'haproxy',
  can: () => true,
  start(place, work) {
    const file = join(place.folder, `haproxy-${place.port}.cfg`)
    writeFileSync(file, configuration(place, work))
    return {
      command: ['haproxy', '-db', '-f', file],
      ...(work.accessLog ? { outputFile: join(place.folder, `haproxy-${place.port}.log`) } : {}),
    }
  },
}

function configuration(place: Place, work: Work): string {
  const { port, upstreamPort } = place
  const { tls, chain, accessLog } = work
  const lines = [
    `bind 127.0.0.1:${port}${tls === undefined ? '' : inbound(tls)}`,
    ...(accessLog ? logging : []),
    ...(chain === undefined ? [] : checks(place, chain)),
    ...routing(place, work),
  ]
  return `global
  nbthread 1
defaults
  mode http
  http-reuse always
  option forwardfor
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  ${lines.join('\n  ')}
backend out
  http-request set-header X-Forwarded-Proto ${tls === undefined ? 'http' : 'https'}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  server upstream 127.0.0.1:${upstreamPort}${tls === undefined ? '' : outbound(tls)}
`
}

function inbound({ folder }: Certificates): string {
  return ` ssl crt ${folder}/server-both.pem ca-file ${folder}/ca.pem verify required`
}

function outbound({ folder }: Certificates): string {
  return ` ssl crt ${folder}/client-both.pem ca-file ${folder}/ca.pem verify required sni str(localhost) verifyhost localhost`
}

const logging = [
  'log stdout format raw local0 info',
  'unique-id-format %[uuid()]',
  'unique-id-header X-Request-Id',
  `log-format '{"time":"%Ts","requestId":"%ID","remoteAddress":"%ci","method":"%HM","host":"%[capture.req.hdr(0),json]","path":"%[capture.req.uri,json]","status":%ST,"bodyBytes":%B,"milliseconds":%Ta}'`,
  'http-request capture req.hdr(host) len 100',
]

function checks({ folder, port }: Place, { apiKey, issuer, audience, publicKey }: Credentials): string[] {
  const keyFile = join(folder, `haproxy-${port}-key.pem`)
  writeFileSync(keyFile, publicKey)
  const claim = (name: string, type = '') => `var(txn.jwt),jwt_payload_query('$.${name}'${type})`
  return [
    `http-request deny deny_status 401 unless { req.hdr(x-api-key) -m str ${apiKey} }`,
    'stick-table type integer size 1 expire 10s store http_req_rate(1s)',
    'http-request track-sc0 int(1)',
    'http-request deny deny_status 429 if { sc0_http_req_rate gt 1000000000 }',
    'http-request set-var(txn.jwt) http_auth_bearer',
    `http-request deny deny_status 401 unless { var(txn.jwt),jwt_header_query('$.alg') -m str RS256 }`,
    `http-request deny deny_status 401 unless { ${claim('iss')} -m str ${issuer} }`,
    `http-request deny deny_status 401 unless { ${claim('aud')} -m str ${audience} }`,
    `http-request set-var(txn.exp) ${claim('exp', ",'int'")}`,
    'http-request set-var(txn.now) date()',
    'http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }',
    `http-request deny deny_status 401 unless { var(txn.jwt),jwt_verify('RS256',"${keyFile}") 1 }`,
    'http-request set-header x-environment bench',
    'http-response set-header x-served-by haproxy',
  ]
}

function routing({ folder, port }: Place, work: Work): string[] {
  if (work.apis === 1) return ['default_backend out']
  const file = join(folder, `haproxy-${port}.map`)
  writeFileSync(
    file,
    routedApis(work)
      .map((index) => `${basePath(index)}/ out\n`)
      .join(''),
  )
  return [
    `http-request set-var(txn.api) path,map_beg(${file})`,
    'http-request deny deny_status 404 unless { var(txn.api) -m found }',
    'use_backend %[var(txn.api)]',
  ]
}
