/** @module The command line of `npm run sign-in`. */
import * as v from 'valibot'
import { type CommandLine, readCommandLine } from './command-line.ts'
import { WHERE_OPTIONS, WHERE_VALUES, type Where, whereOf } from './where.ts'

export const SIGN_IN_HELP = `Usage: npm run sign-in -- [options]

Prints a link that signs you in to the dashboard, once, within an hour.

  --url BASE        the Tubewire that is asked, such as https://tubewire.example; or in TUBEWIRE_URL. Without it,
                    the one that npm start runs on this machine
  --key KEY         its ADMIN_KEY; or in TUBEWIRE_KEY, where no history of commands has it
  --port N          where the one on this machine listens (8787)
  --help            show this help`

const SIGN_IN: CommandLine = { command: 'npm run sign-in', options: WHERE_OPTIONS }

/**
 * Parses the command line.
 * @returns null when help was asked for.
 * @throws Mistake naming the option that is wrong.
 */
export function parseSignInOptions(
  args: readonly string[],
  environment: Record<string, string | undefined>,
): Where | null {
  const given = environment['TUBEWIRE_URL'] || null
  // What is said last holds.
  const all = given === null ? args : [`--url=${given}`, ...args]
  const { help, ...values } = readCommandLine(all, SIGN_IN, v.object(WHERE_VALUES))
  return help ? null : whereOf(values, environment, SIGN_IN)
}
