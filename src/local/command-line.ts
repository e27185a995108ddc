/** @module How the command lines of our programs are read: Node's parser, then valibot, and one clear word on what is wrong. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import * as v from 'valibot'
import { Mistake } from './mistake.ts'

/** A program, as it is called, with the options that it has. */
export type CommandLine = { command: string; options: ParseArgsOptionsConfig }

/** Where the options are listed. */
export function hintOf({ command }: CommandLine): string {
  return `"${command} -- --help" lists the options`
}

/** A number that an option is given. */
export const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,6}$/, `must be a whole number from ${min} to ${max}`),
    v.transform(Number),
    v.minValue(min, `must be a whole number from ${min} to ${max}`),
    v.maxValue(max, `must be a whole number from ${min} to ${max}`),
  )

/** A URL that an option is given. */
export const httpUrl = v.pipe(
  v.string(),
  v.check(
    (text) => /^https?:\/\//i.test(text) && URL.canParse(text),
    ({ input }) => `must be a URL with http:// or https:// (got ${input})`,
  ),
  v.transform((text) => new URL(text)),
  v.check(({ username, password }) => username + password === '', 'must not carry a user or a password'),
)

/**
 * Reads a command line.
 * @param schema of the options' values, by their names.
 * @throws Mistake naming the option that is wrong.
 */
export function readCommandLine<TSchema extends v.GenericSchema>(
  args: readonly string[],
  line: CommandLine,
  schema: TSchema,
): v.InferOutput<TSchema> {
  const parsed = v.safeParse(schema, readValues(args, line))
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new Mistake(`--${issue.path?.[0]?.key} ${issue.message}; ${hintOf(line)}`)
}

function readValues(args: readonly string[], line: CommandLine): unknown {
  try {
    const { values } = parseArgs({
      args: withNumbers(args),
      strict: true,
      allowPositionals: false,
      options: line.options,
    })
    return values
  } catch (error) {
    throw new Mistake(`${describeParseError(error, line)}; ${hintOf(line)}`)
  }
}

/** A negative number is a value, and a wrong one: to Node it is another option. */
function withNumbers(args: readonly string[]): string[] {
  const joined: string[] = []
  for (const arg of args) {
    const before = joined.at(-1)
    if (/^-\d/.test(arg) && before && /^--[a-z]+$/.test(before)) joined.splice(-1, 1, `${before}=${arg}`)
    else joined.push(arg)
  }
  return joined
}

/** Node's messages go on with advice that is of no use here. */
function describeParseError(error: unknown, { command }: CommandLine): string {
  const message = error instanceof Error ? error.message : String(error)
  const [, option] = /^Option '(--[a-z]+)/.exec(message) ?? []
  // "ambiguous" and "argument missing" are the same to whoever forgot it; a flag that was given one says so itself.
  if (option && !message.includes('does not take')) return `${option} needs a value`
  if (message.startsWith('Unexpected argument'))
    return `${firstSentence(message)}: options follow "${command} --"`
  return firstSentence(message)
}

function firstSentence(message: string): string {
  return message.split(/\.(?:\s|$)/)[0] ?? message
}
