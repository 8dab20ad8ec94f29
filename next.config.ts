import type { NextConfig } from 'next'

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // These run in Node only and resolve files or wasm of their own, so the bundler leaves them alone.
  serverExternalPackages: ['pg', 'pino', 'swagger2openapi', '@prisma/adapter-pg', '@prisma/client'],
  typescript: { ignoreBuildErrors: false },
}

export default config
