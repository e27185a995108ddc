/** @module What only a person knows: taken from the environment, or asked for without showing what is typed. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { Mistake } from './mistake.ts'

/** What is asked for, and the variable that answers without a terminal. */
const QUESTIONS = {
  TUBEWIRE_PASSWORD: 'Password',
  TUBEWIRE_OTP: 'One-time password',
} as const
export type SecretName = keyof typeof QUESTIONS

/** The secrets that came with the start. */
export type Secrets = Readonly<Partial<Record<SecretName, string>>>

/** Takes the secrets out of the environment: no process that is started from here on gets them. */
export function takeSecrets(environment: Record<string, string | undefined>): Secrets {
  const taken: Partial<Record<SecretName, string>> = {}
  for (const name of Object.keys(QUESTIONS) as SecretName[]) {
    const value = environment[name]
    // Empty and unset are the same.
    if (value) taken[name] = value
    delete environment[name]
  }
  return taken
}

/** Where a person is asked. */
export type Terminal = { input: NodeJS.ReadStream; output: NodeJS.WriteStream }

/**
 * A secret that came with the start, or else is asked for.
 * @param whose e.g. `alice at https://peertube.example`.
 * @throws Mistake when there is nobody who could be asked, or who says nothing.
 */
export async function secretOf(
  secrets: Secrets,
  name: SecretName,
  whose: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stdout },
): Promise<string> {
  const given = secrets[name]
  if (given !== undefined) return given
  const what = QUESTIONS[name]
  if (!input.isTTY) throw new Mistake(`${what} of ${whose}: there is no terminal to ask for it; set ${name}`)
  output.write(`  ${what} of ${whose}: `)
  const typed = await readUnseen(input)
  output.write('\n')
  if (typed === '') throw new Mistake(`${what} of ${whose}: none was given`)
  return typed
}

/** A line that is typed and not shown; empty when the input ends. Ctrl-C stops the program, as it does elsewhere. */
function readUnseen(input: NodeJS.ReadStream): Promise<string> {
  // With a terminal the line is edited as usual, and what would show it goes nowhere.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output, terminal: true })
  return new Promise((resolve) => {
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    lines.once('line', (line) => {
      resolve(line)
      lines.close()
    })
    lines.once('close', () => resolve(''))
  })
}
