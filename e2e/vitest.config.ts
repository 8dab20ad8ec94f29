import { defineConfig } from 'vitest/config'

// One product and one browser serve all of these tests, so the files go one after the other, in the order of
// their names: faults and floods come last.
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
