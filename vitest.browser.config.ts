import { defineConfig } from 'vitest/config'
import { buildDashboard } from './src/local/dashboard.ts'
import { findChromium } from './test/browser/support/chromium.ts'
import { useQuickFolders } from './test/support/quick-folders.ts'

useQuickFolders()

// Otherwise wrangler tells of each file that it reads.
process.env['WRANGLER_LOG'] = 'error'

// Before anything that takes a while: who has none is told at once how to get one.
try {
  findChromium()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(2)
}
// Once, for all that serve it.
await buildDashboard()

/** `npm run test:browser`: the dashboard in a real Chromium, before a real service. */
export default defineConfig({
  test: {
    name: 'browser',
    include: ['test/browser/**/*.test.ts'],
    setupFiles: ['./test/browser/support/leave.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // A service, a browser and what the tests themselves do share the machine.
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
  },
})
