/** @module Ctrl-C, SIGTERM, and a parent that went away: all of them stop everything. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Whoever asked for a stop gets one within 5 s, also when something hangs. */
const PATIENCE_MS = 4_000
const LOOK_EVERY_MS = 500

let isStopping = false

/** Whether a stop was asked for: what fails from then on fails because of it. */
export function hasBegunToStop(): boolean {
  return isStopping
}

/** Calls `stop` at the first signal, then exits: 0 after a stop, 1 when it failed or hung. Says when it begins and ends. */
export function stopOnSignal(stop: () => Promise<void>): void {
  const begin = () => {
    if (isStopping) return
    isStopping = true
    setTimeout(() => process.exit(1), PATIENCE_MS).unref()
    // Whoever has closed the terminal reads nothing any more, and is no reason to stop halfway.
    process.stdout.on('error', () => undefined)
    process.stderr.on('error', () => undefined)
    // A terminal has just shown "^C".
    process.stdout.write(`${process.stdout.isTTY ? '\n' : ''}Stopping …\n`)
    stop().then(
      () => {
        process.stdout.write('Stopped.\n')
        process.exit(0)
      },
      (error: unknown) => {
        process.stderr.write(`tubewire: ${error instanceof Error ? error.message : error}\n`)
        process.exit(1)
      },
    )
  }
  for (const signal of SIGNALS) {
    // miniflare's own handler exits on the spot: what is under way would be cut off, and the lock left.
    process.removeAllListeners(signal)
    process.on(signal, begin)
  }
  // npm, killed, tells nobody: its child is then another's.
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) begin()
  }, LOOK_EVERY_MS).unref()
}
