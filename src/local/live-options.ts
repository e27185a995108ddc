/** @module The command lines of `npm run listen` and `npm run tail`: two tables say what there is. */
import * as v from 'valibot'
import { secretProblem } from '../webhooks/signature.ts'
import { type CommandLine, hintOf, httpUrl, readCommandLine, wholeNumber } from './command-line.ts'
import { Mistake } from './mistake.ts'
import { WHERE_OPTIONS, WHERE_VALUES, type Where, type WhereValues, whereOf } from './where.ts'

/** The parts of a filter, as the query of the stream has them, with what a filter in a body calls them. */
export const FILTER_PARTS = {
  type: 'types',
  instance: 'instances',
  channel: 'channels',
  tag: 'tags',
  q: 'text',
} as const

export type TailOptions = Where & { filter: URLSearchParams; replay: number; json: boolean }
export type ListenOptions = Where & {
  filter: URLSearchParams
  replay: number
  to: URL
  /** What is signed with; null: a new one. */
  secret: string | null
}

const COMMON = `  --filter QUERY    only events that fit, as in the URL of a stream: 'type=video.*&channel=news@peertube.example';
                    its parts are ${Object.keys(FILTER_PARTS).join(', ')}; may be repeated
  --replay N        first the newest N that fit, of the last 1,000 events (0; 100 at most)
  --url BASE        the Tubewire that is asked, such as https://tubewire.example. Without it, the one that
                    npm start runs on this machine
  --key KEY         an API key of it with the scope events:read; or in TUBEWIRE_KEY, where no history
                    of commands has it
  --port N          where the one on this machine listens (8787)
  --help            show this help`

export const LISTEN_HELP = `Usage: npm run listen -- --to URL [options]

  --to URL          the local program that is sent each event, as a webhook of Tubewire would be
  --secret SECRET   what they are signed with: whsec_ and base64. Without it a new one, printed at the start
${COMMON}

An event that the program does not take with a 2xx is tried until it does, and those after it wait: start it
again, and nothing is left out. Ctrl-C ends it.`

export const TAIL_HELP = `Usage: npm run tail -- [options]

  --json            a JSON object a line, as the API shows an event
${COMMON}

Ctrl-C ends it.`

const OPTIONS = {
  filter: { type: 'string', multiple: true },
  replay: { type: 'string' },
  ...WHERE_OPTIONS,
} as const
const LISTEN: CommandLine = {
  command: 'npm run listen',
  options: { ...OPTIONS, to: { type: 'string' }, secret: { type: 'string' } },
}
const TAIL: CommandLine = { command: 'npm run tail', options: { ...OPTIONS, json: { type: 'boolean' } } }

const names = Object.keys(FILTER_PARTS)
const Query = v.pipe(
  v.string(),
  v.transform((text) => new URLSearchParams(text)),
  v.check((query) => query.size > 0, 'must be a query, such as type=video.*'),
  v.check(
    (query) => [...query.keys()].every((name) => names.includes(name)),
    `must be of ${names.join(', ')}, such as type=video.*`,
  ),
  v.check((query) => [...query.values()].every((value) => value !== ''), 'must say what is asked for'),
)

const common = {
  filter: v.optional(v.array(Query), []),
  replay: v.optional(wholeNumber(0, 100), '0'),
  ...WHERE_VALUES,
}
const ListenValues = v.object({
  ...common,
  to: v.optional(httpUrl),
  secret: v.optional(
    v.pipe(
      v.string(),
      v.rawCheck(({ dataset, addIssue }) => {
        const problem = dataset.typed ? secretProblem(dataset.value) : null
        if (problem !== null) addIssue({ message: problem })
      }),
    ),
  ),
})
const TailValues = v.object({ ...common, json: v.optional(v.boolean(), false) })

/**
 * Parses the command line of `npm run listen`.
 * @returns null when help was asked for.
 * @throws Mistake naming the option that is wrong.
 */
export function parseListenOptions(
  args: readonly string[],
  environment: Record<string, string | undefined>,
): ListenOptions | null {
  const { help, to, secret = null, ...rest } = readCommandLine(args, LISTEN, ListenValues)
  if (help) return null
  if (!to) throw new Mistake(`--to must say where events are sent; ${hintOf(LISTEN)}`)
  return { ...shared(rest, environment, LISTEN), to, secret }
}

/** The same of `npm run tail`. */
export function parseTailOptions(
  args: readonly string[],
  environment: Record<string, string | undefined>,
): TailOptions | null {
  const { help, json, ...rest } = readCommandLine(args, TAIL, TailValues)
  return help ? null : { ...shared(rest, environment, TAIL), json }
}

function shared(
  values: WhereValues & { filter: URLSearchParams[]; replay: number },
  environment: Record<string, string | undefined>,
  line: CommandLine,
): Where & { filter: URLSearchParams; replay: number } {
  const filter = new URLSearchParams(values.filter.flatMap((query) => [...query]))
  const twice = names.find((name) => filter.getAll(name).length > 1)
  if (twice)
    throw new Mistake(`--filter must not have ${twice} twice: one stream follows one; ${hintOf(line)}`)
  return { ...whereOf(values, environment, line), filter, replay: values.replay }
}
