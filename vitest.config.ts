import { defineConfig } from 'vitest/config'

// Two projects only: `layers` is the fast check of who imports whom that `npm run check` also runs; everything else is `hub`.
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'layers', include: ['test/layers.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'hub',
          include: ['test/**/*.test.ts'],
          exclude: ['test/layers.test.ts'],
          globalSetup: ['test/global-setup.ts'],
        },
      },
    ],
  },
})
