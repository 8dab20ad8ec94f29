import type { NextConfig } from 'next'

// The content security policy has a nonce for each page and is set in proxy.ts.
const securityHeaders = [
  { key: 'x-content-type-options', value: 'nosniff' },
  { key: 'referrer-policy', value: 'strict-origin-when-cross-origin' },
  { key: 'x-frame-options', value: 'DENY' },
  { key: 'cross-origin-opener-policy', value: 'same-origin' },
  { key: 'permissions-policy', value: 'camera=(), microphone=(), geolocation=(), payment=(), usb=()' },
]

// Browsers ignore it over plain http, but a portal that is reached by http must not promise it either.
const strictTransport = { key: 'strict-transport-security', value: 'max-age=31536000; includeSubDomains' }

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  // These run in Node only and resolve files or wasm of their own, so the bundler leaves them alone.
  serverExternalPackages: ['pg', 'pino', 'swagger2openapi', '@prisma/adapter-pg', '@prisma/client'],
  // forbidden() and its page: a role that may not see something gets a real 403.
  experimental: { authInterrupts: true },
  // Types are a matter of `npm run check`; a start builds without looking at them again.
  typescript: { ignoreBuildErrors: process.env['HEXGATE_BUILD_FOR_START'] === '1' },
  headers: async () => [
    { source: '/:path*', headers: securityHeaders },
    {
      source: '/:path*',
      has: [{ type: 'header', key: 'x-forwarded-proto', value: 'https' }],
      headers: [strictTransport],
    },
  ],
}

export default config
