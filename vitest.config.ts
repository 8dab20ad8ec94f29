import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: './lib/testing/global.ts',
    exclude: ['**/node_modules/**', '.next/**', '.data/**', '.corpus/**', 'e2e/**'],
    include: ['**/*.test.ts', '**/*.test.tsx'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
})
