import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { buildDashboard } from './src/local/dashboard.ts'
import { useQuickFolders } from './test/support/quick-folders.ts'

useQuickFolders()

// Before anything that serves it: tests that start a service would build it side by side.
await buildDashboard()

// Otherwise wrangler tells of each file that it reads, for each file of tests.
process.env['WRANGLER_LOG'] = 'error'

/**
 * Tests of what is pure: numbers and texts in, numbers and texts out. They need neither a database nor a runtime of their own, of
 * which each file would wait for one. What of it depends on the runtime (sanitising, passwords) is tested inside workerd.
 */
const PURE_TESTS = [
  'test/dashboard/**/*.test.ts',
  'test/events/!(export).test.ts',
  'test/webhooks/**/*.test.ts',
  'test/federation/**/*.test.ts',
  'test/feeds/{atom-schema,entry,golden,hostile,json-feed,opml,parsers,remember,tag-uri,txt}.test.ts',
  'test/http/{deadline,json,max-age,resolve,retry-after,target,target-notations}.test.ts',
  'test/mail/{message,messages}.test.ts',
  'test/peertube/{comment-feed,comments,counters,failure,notifications,paste,probe,safe-copy,short-uuid,thread,videos}.test.ts',
  'test/pictures/{path,raster}.test.ts',
  'test/workers/{bucket,gcra,round-size,slots,window}.test.ts',
  'test/{config,nearest,tokens}.test.ts',
]

/** Tests that need Node itself: servers, processes, files. All others run inside workerd. */
const NODE_TESTS = ['test/simulator/**/*.test.ts', 'test/local/**/*.test.ts', 'test/project/**/*.test.ts']

export default defineConfig({
  test: {
    // By default one core stays idle; the tests wait more than they compute.
    maxWorkers: '100%',
    projects: [
      {
        test: { name: 'node', include: NODE_TESTS, testTimeout: 60_000, hookTimeout: 60_000 },
      },
      {
        // One after another in one process: they leave nothing behind.
        test: { name: 'pure', include: PURE_TESTS, isolate: false, testTimeout: 60_000 },
      },
      {
        plugins: [
          cloudflareTest(async ({ inject }) => ({
            wrangler: { configPath: './wrangler.toml' },
            // Otherwise workerd tells of each connection that a test breaks.
            verbose: false,
            miniflare: {
              cf: false,
              bindings: {
                ADMIN_KEY: 'the-key-of-the-administrator',
                ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 1).toString('base64')}`,
                ALLOW_LOCAL_TARGETS: 'true',
                // All of them: wrangler reads the `.dev.vars` of this machine too, which must change nothing here.
                MAX_DELAY_SECONDS: '60',
                MAX_DELAY_COMMENTS_SECONDS: '60',
                CRON_PERIOD_SECONDS: '60',
                DELIVERY_CONCURRENCY: '5',
                DELIVERY_TIMEOUT_SECONDS: '2',
                PUBLIC_URL: '',
                CONTACT_URL: '',
                DNS_URL: '',
                SIGNUP: 'closed',
                // More than a file of tests asks; what tests limits says so itself.
                RATE_LIMIT_API: '100000/10',
                RATE_LIMIT_TOKEN: '15/300',
                RATE_LIMIT_REGISTER: '2/300',
                RATE_LIMIT_VERIFY_EMAIL: '3/300',
                MAIL_FROM: '',
                SMTP_URL: '',
                MAIL_API_URL: '',
                MAIL_API_KEY: '',
                CONTROL_URL: inject('controlUrl'),
                // Which runs of the model, other than those that every run of the tests has.
                MODEL_SEEDS: process.env['MODEL_SEEDS'] ?? '',
                MODEL_ACTIONS: process.env['MODEL_ACTIONS'] ?? '',
                MIGRATIONS: await readD1Migrations('./migrations'),
              },
            },
          })),
        ],
        test: {
          name: 'workerd',
          // A runtime of its own took each file three seconds. Storage is emptied before each: see migrate.ts. What modules hold is
          // not, nor what is in the queues: a test that depends on either makes its own.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [...NODE_TESTS, ...PURE_TESTS, 'test/browser/**'],
          globalSetup: ['./test/support/servers.ts'],
          setupFiles: ['./test/support/migrate.ts'],
          testTimeout: 30_000,
          // A second, as vitest has it, is little where two runtimes share a machine. Three would be too many: after that long a stream
          // looks by itself, and nobody would see that it was not woken.
          expect: { poll: { timeout: 2_500 } },
        },
      },
    ],
  },
})
