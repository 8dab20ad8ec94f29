import { defineConfig } from 'vitest/config'

// One product serves most of these tests, so the files go one after the other, in no order that they may rely
// on; those that kill parts of a product start one of their own.
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    globalSetup: ['e2e/global.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    fileParallelism: false,
  },
})
