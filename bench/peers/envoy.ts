import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificates } from '../certificates.ts'
import type { Credentials } from '../credentials.ts'
import { basePath, type Peer, type Place, routedApis, type Work } from './work.ts'

/** HEXGATE_ENVOY names the program where it is not on the PATH. */
export const envoy: Peer = {
  name: 'Envoy',
  program: process.env['HEXGATE_ENVOY'] ?? 'envoy',
  can: () => true,
  start(place, work) {
    const file = join(place.folder, `envoy-${place.port}.json`)
    writeFileSync(file, JSON.stringify(bootstrap(place, work)))
    const options = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error']
    return { command: [process.env['HEXGATE_ENVOY'] ?? 'envoy', '-c', file, ...options] }
  },
}

const extension = (path: string) => `type.googleapis.com/envoy.extensions.${path}`

function typed(name: string, path: string, config: Record<string, unknown> = {}) {
  return { name, typed_config: { '@type': extension(path), ...config } }
}

function address(port: number) {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}

function bootstrap(place: Place, work: Work) {
  const { port, upstreamPort } = place
  const { tls } = work
  const endpoint = { endpoint: { address: address(upstreamPort) } }
  const listener = {
    name: 'in',
    address: address(port),
    filter_chains: [
      {
        filters: [connectionManager(place, work)],
        ...(tls === undefined ? {} : { transport_socket: inbound(tls) }),
      },
    ],
  }
  const cluster = {
    name: 'out',
    type: 'STATIC',
    load_assignment: { cluster_name: 'out', endpoints: [{ lb_endpoints: [endpoint] }] },
    ...(tls === undefined ? {} : { transport_socket: outbound(tls) }),
  }
  return { static_resources: { listeners: [listener], clusters: [cluster] } }
}

function connectionManager({ folder, port }: Place, work: Work) {
  const { chain, accessLog } = work
  return typed(
    'envoy.filters.network.http_connection_manager',
    'filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: 'in',
      use_remote_address: true,
      generate_request_id: accessLog,
      ...(accessLog ? { access_log: [fileLog(join(folder, `envoy-${port}.log`))] } : {}),
      http_filters: [
        ...(chain === undefined ? [] : checks(chain)),
        typed('envoy.filters.http.router', 'filters.http.router.v3.Router'),
      ],
      route_config: {
        name: 'routes',
        virtual_hosts: [{ name: 'any', domains: ['*'], ...routing(work) }],
        request_headers_to_add: [
          header('x-forwarded-host', '%REQ(:AUTHORITY)%'),
          ...(chain === undefined ? [] : [header('x-environment', 'bench')]),
        ],
        ...(chain === undefined ? {} : { response_headers_to_add: [header('x-served-by', 'envoy')] }),
      },
    },
  )
}

function header(key: string, value: string) {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }
}

function fileLog(path: string) {
  return typed('envoy.access_loggers.file', 'access_loggers.file.v3.FileAccessLog', {
    path,
    log_format: {
      json_format: {
        time: '%START_TIME%',
        requestId: '%REQ(X-REQUEST-ID)%',
        remoteAddress: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
        method: '%REQ(:METHOD)%',
        host: '%REQ(:AUTHORITY)%',
        path: '%REQ(:PATH)%',
        status: '%RESPONSE_CODE%',
        bodyBytes: '%BYTES_SENT%',
        milliseconds: '%DURATION%',
      },
    },
  })
}

function checks({ apiKey, issuer, audience, jwks }: Credentials) {
  const always = { default_value: { numerator: 100, denominator: 'HUNDRED' } }
  return [
    typed('envoy.filters.http.api_key_auth', 'filters.http.api_key_auth.v3.ApiKeyAuth', {
      credentials: [{ key: apiKey, client: 'bench' }],
      key_sources: [{ header: 'x-api-key' }],
    }),
    typed('envoy.filters.http.local_ratelimit', 'filters.http.local_ratelimit.v3.LocalRateLimit', {
      stat_prefix: 'limit',
      token_bucket: { max_tokens: 1_000_000_000, tokens_per_fill: 1_000_000_000, fill_interval: '1s' },
      filter_enabled: always,
      filter_enforced: always,
    }),
    typed('envoy.filters.http.jwt_authn', 'filters.http.jwt_authn.v3.JwtAuthentication', {
      providers: {
        bench: {
          issuer,
          audiences: [audience],
          local_jwks: { inline_string: jwks },
          forward: true,
          jwt_cache_config: { jwt_cache_size: 100 },
        },
      },
      rules: [{ match: { prefix: '/' }, requires: { provider_name: 'bench' } }],
    }),
  ]
}

/** Of thousands of routes a list would be gone through from its beginning; its manual has a tree for that. */
function routing(work: Work) {
  const route = (prefix: string) => ({ match: { prefix }, route: { cluster: 'out' } })
  if (work.apis === 1) return { routes: [route('/')] }
  const onMatch = (prefix: string) => ({
    action: {
      name: prefix,
      typed_config: { '@type': 'type.googleapis.com/envoy.config.route.v3.Route', ...route(prefix) },
    },
  })
  const prefixes = routedApis(work).map((index) => `${basePath(index)}/`)
  const input = {
    name: 'path',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput',
      header_name: ':path',
    },
  }
  const map = Object.fromEntries(prefixes.map((prefix) => [prefix, onMatch(prefix)]))
  return { matcher: { matcher_tree: { input, prefix_match_map: { map } } } }
}

function keyPair({ folder }: Certificates, name: string) {
  return {
    certificate_chain: { filename: `${folder}/${name}.pem` },
    private_key: { filename: `${folder}/${name}-key.pem` },
  }
}

function inbound(certificates: Certificates) {
  return typed('envoy.transport_sockets.tls', 'transport_sockets.tls.v3.DownstreamTlsContext', {
    require_client_certificate: true,
    common_tls_context: {
      tls_certificates: [keyPair(certificates, 'server')],
      validation_context: { trusted_ca: { filename: `${certificates.folder}/ca.pem` } },
    },
  })
}

function outbound(certificates: Certificates) {
  return typed('envoy.transport_sockets.tls', 'transport_sockets.tls.v3.UpstreamTlsContext', {
    sni: 'localhost',
    common_tls_context: {
      tls_certificates: [keyPair(certificates, 'client')],
      validation_context: {
        trusted_ca: { filename: `${certificates.folder}/ca.pem` },
        match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'localhost' } }],
      },
    },
  })
}
