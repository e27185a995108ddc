/** @module The command line of `npm start`: one table says what there is. */
import * as v from 'valibot'
import { type Named, parsePasted } from '../peertube/paste.ts'
import { type CommandLine, hintOf, httpUrl, readCommandLine, wholeNumber } from './command-line.ts'
import { Mistake } from './mistake.ts'

/** An instance, or something on one, that the command line names: as it is written there, and what that means. */
export type NamedInstance = { text: string; url: URL; named: Named }

/** What `npm start` was asked to do. Times are seconds. */
export type Options = {
  port: number
  instances: NamedInstance[]
  webhooks: URL[]
  /** An account on the one instance that is named; null: none. */
  login: string | null
  /** Null: the default, which differs for the demo. */
  every: number | null
  backfill: number
  data: string
  fresh: boolean
  help: boolean
}

export const HELP = `Usage: npm start -- [options]

  --port N          where the API listens (8787)
  --instance NAME   a PeerTube instance to watch, or a channel or account on one, as people paste it:
                    peertube.example, @channel@peertube.example, a URL; may be repeated.
                    Without one, a demo instance is started
  --login USER      connect this account on the instance that --instance names: its notifications become
                    events. Its password is asked for, or taken from TUBEWIRE_PASSWORD (and TUBEWIRE_OTP)
  --webhook URL     where to post every event; may be repeated. Its signing secret is printed once
  --every SECONDS   how often to look for news (60; 5 for the demo)
  --backfill N      take the newest N videos of each new instance as events too (0)
  --data DIR        where state lives (.wrangler)
  --fresh           forget all state first
  --help            show this help

Tubewire keeps watching what it was told before, and posts it where it was told: state survives a restart.
Instances, accounts and webhooks are removed through the API (docs/api.md).`

const LINE: CommandLine = {
  command: 'npm start',
  options: {
    port: { type: 'string' },
    instance: { type: 'string', multiple: true },
    login: { type: 'string' },
    webhook: { type: 'string', multiple: true },
    every: { type: 'string' },
    backfill: { type: 'string' },
    data: { type: 'string' },
    fresh: { type: 'boolean' },
    help: { type: 'boolean' },
  },
}

const instance = v.pipe(
  v.string(),
  v.rawTransform<string, NamedInstance>(({ dataset, addIssue, NEVER }) => {
    const pasted = parsePasted(dataset.value)
    if (pasted.kind === 'pasted') return { text: dataset.value, url: pasted.url, named: pasted.named }
    addIssue({ message: `${pasted.problem} (got ${dataset.value.slice(0, 200)})` })
    return NEVER
  }),
)

const Values = v.object({
  port: v.optional(wholeNumber(1, 65_535), '8787'),
  instance: v.optional(v.array(instance), []),
  login: v.optional(v.pipe(v.string(), v.minLength(1, 'must name an account'))),
  webhook: v.optional(v.array(httpUrl), []),
  every: v.optional(wholeNumber(1, 86_400)),
  backfill: v.optional(wholeNumber(0, 1_000), '0'),
  data: v.optional(v.pipe(v.string(), v.minLength(1, 'must name a folder')), '.wrangler'),
  fresh: v.optional(v.boolean(), false),
  help: v.optional(v.boolean(), false),
})

/**
 * Parses the command line.
 * @throws Mistake naming the option that is wrong.
 */
export function parseOptions(args: readonly string[]): Options {
  const values = readCommandLine(args, LINE, Values)
  const { instance: named, webhook, every, login = null, ...rest } = values
  const instances = distinct(named, (one) => `${one.url.host} ${Object.values(one.named).join(' ')}`)
  if (login !== null && instances.length !== 1)
    throw new Mistake(
      `--login needs one --instance, the one that has the account (got ${instances.length}); ${hintOf(LINE)}`,
    )
  return {
    ...rest,
    login,
    instances,
    webhooks: distinct(webhook, ({ href }) => href),
    every: every ?? null,
  }
}

/** What was named twice is meant once. */
function distinct<TItem>(items: readonly TItem[], keyOf: (item: TItem) => string): TItem[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()]
}
