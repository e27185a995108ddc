/** @module `npm start` for each test of a file: in a folder and on a port of its own, and ended afterwards. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { allGone, type Cli, descendants, freePort, startCli } from './cli.ts'

/**
 * Registers hooks that give each test of a file a data folder and a port of its own, and end what it started.
 * @returns the two, and `start`, which is `npm start` with both.
 */
export function useCli() {
  const started: Cli[] = []
  const own = {
    data: '',
    port: 0,
    /** @param env variables over those of this process, none where it says undefined. */
    start(args: readonly string[], env: Record<string, string | undefined> = {}): Cli {
      const cli = startCli(['--port', String(own.port), '--data', own.data, ...args], { env })
      started.push(cli)
      return cli
    },
  }
  beforeEach(async () => {
    own.data = await mkdtemp(join(tmpdir(), 'tubewire-test-'))
    own.port = await freePort()
  })
  afterEach(async () => {
    for (const cli of started.splice(0)) {
      const below = cli.process.pid ? await descendants(cli.process.pid) : []
      cli.process.kill('SIGTERM')
      await cli.ended
      await allGone(below, 5_000)
    }
    await rm(own.data, { recursive: true })
  })
  return own
}
