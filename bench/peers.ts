import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How a peer is started for one piece of work: plain proxying with keep-alive on both sides, one core. */
export interface Peer {
  readonly name: string
  readonly program: string
  /** Writes its configuration and says what to run. */
  command(
    folder: string,
    port: number,
    upstreamPort: number,
  ): { command: string[]; env?: Record<string, string> }
}

/** An nginx as a proxy; `extra` goes into its server block. */
function nginxProxy(name: string, extra = '', http = ''): Peer {
  return {
    name: 'nginx',
    program: 'nginx',
    command(folder, port, upstreamPort) {
      return nginxWith(
        folder,
        `${name}-${port}`,
        `${http}
  upstream backend { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    client_max_body_size 16m;
    ${extra}
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
    }
  }`,
      )
    },
  }
}

const nginx = nginxProxy('proxy')

/** An nginx that writes a JSON access log with a request id. */
export function accessLogOf(folder: string): Peer {
  const format = `log_format json escape=json '{"time":"$time_iso8601","remote":"$remote_addr","method":"$request_method","host":"$host","path":"$uri","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,"id":"$request_id"}';`
  return nginxProxy('log', `access_log ${join(folder, 'nginx-access.log')} json;`, format)
}

const haproxy: Peer = {
  name: 'HAProxy',
  program: 'haproxy',
  command(folder, port, upstreamPort) {
    const rest = `frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  server upstream 127.0.0.1:${upstreamPort}
`
    return { command: haproxyWith(folder, 'plain', rest) }
  },
}

/** An HAProxy of one thread with these sections. */
export function haproxyWith(folder: string, name: string, sections: string): string[] {
  const file = join(folder, `haproxy-${name}.cfg`)
  writeFileSync(
    file,
    `global
  nbthread 1
defaults
  mode http
  http-reuse always
  option forwardfor
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${sections}`,
  )
  return ['haproxy', '-db', '-f', file]
}

const caddy: Peer = {
  name: 'Caddy',
  program: 'caddy',
  command(folder, port, upstreamPort) {
    const file = join(folder, 'Caddyfile')
    writeFileSync(
      file,
      `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort}
}
`,
    )
    const env = { GOMAXPROCS: '1', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
    return { command: ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'], env }
  },
}

export const peers: readonly Peer[] = [nginx, haproxy, caddy]

export const SMALL_ANSWER = JSON.stringify({ id: '7f1c', status: 'shipped', note: 'x'.repeat(212) })

/** The upstream of every proxy: a small JSON answer. */
export function upstreamCommand(folder: string, port: number): { command: string[]; answerBytes: number } {
  const large = join(folder, 'large')
  writeFileSync(large, Buffer.alloc(1_048_576, 'x'))
  const { command } = nginxWith(
    folder,
    'upstream',
    `keepalive_requests 100000000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { default_type application/json; return 200 '${SMALL_ANSWER}'; client_max_body_size 16m; }
    location /large { default_type application/octet-stream; alias ${large}; }
    location /plain/large { default_type application/octet-stream; alias ${large}; }
  }`,
  )
  return { command, answerBytes: SMALL_ANSWER.length }
}

/** An nginx of one process with this inside its http block. */
export function nginxWith(folder: string, name: string, http: string): { command: string[] } {
  const home = join(folder, `nginx-${name}`)
  mkdirSync(home, { recursive: true })
  const file = join(home, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(home, kind)};`,
  )
  writeFileSync(
    file,
    `daemon off;
master_process off;
worker_processes 1;
pid ${join(home, 'pid')};
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_timeout 600s;
  ${temporary.join('\n  ')}
  ${http}
}
`,
  )
  return { command: ['nginx', '-p', home, '-e', 'stderr', '-c', file] }
}
