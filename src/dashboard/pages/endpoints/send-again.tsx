/** @module Sending a part of the log again, or what failed; how far that is, and what was sent again before. */

import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Result, type Schemas } from '../../api.ts'
import { number } from '../../format.ts'
import { numberOf } from '../../number-of.ts'
import { Form, SelectField, TextField } from '../../parts/form.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { MomentField } from '../../parts/moment-field.tsx'
import { Page } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { go, replace } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { readEndpoint, readReplays } from './reads.ts'
import { ReplayProgress } from './replay-progress.tsx'
import { Section } from './section.tsx'
import { upTo } from './up-to.ts'

type Replay = Schemas['Replay']
const KINDS = ['failed', 'times', 'sequences'] as const
type Kind = (typeof KINDS)[number]

/** `#/endpoints/ID/send-again?kind=failed&replay=rpl_…` */
export function SendAgainPage({ id, query }: { id: string; query: URLSearchParams }) {
  const words = t.endpoints.sendAgain
  const endpoint = useLoaded(`endpoint ${id}`, () => readEndpoint(id))
  const replays = useLoaded(`replays ${id}`, () => readReplays(id))
  const kind = KINDS.find((one) => one === query.get('kind')) ?? 'failed'
  const running = replays.data?.data.find(({ state }) => state === 'running')
  const shown = query.get('replay') ?? running?.id
  const address = (part: { kind?: Kind; replay?: string | undefined }) =>
    linkTo(['endpoints', id, 'send-again'], { kind, replay: shown, ...part })
  return (
    <Page title={words.title} up={upTo(id, endpoint.data)}>
      <LoadedPart of={endpoint}>
        {() => (
          <>
            {shown !== undefined && (
              <ReplayProgress key={shown} id={id} replayId={shown} onDone={replays.reload} />
            )}
            <section class="card">
              <p>{words.hint}</p>
              <Fields
                id={id}
                kind={kind}
                onKind={(chosen) => go(address({ kind: chosen }))}
                onBegun={(replay) => {
                  replays.reload()
                  replace(address({ replay: replay.id }))
                }}
              />
            </section>
            <Section title={words.before}>
              <LoadedPart of={replays}>
                {({ data }) =>
                  data.length === 0 ? (
                    <p class="quiet">{words.noneBefore}</p>
                  ) : (
                    <Table
                      caption={words.before}
                      rows={data}
                      keyOf={(replay) => replay.id}
                      columns={columnsFor((replay) => address({ replay }))}
                    />
                  )
                }
              </LoadedPart>
            </Section>
          </>
        )}
      </LoadedPart>
    </Page>
  )
}

function columnsFor(link: (id: string) => string) {
  const words = t.endpoints.sendAgain
  return [
    {
      title: words.kind,
      cell: (replay: Replay) => <a href={link(replay.id)}>{words.kindNames[replay.kind]}</a>,
    },
    { title: t.common.state, cell: ({ state }: Replay) => words.states[state] ?? state },
    { title: words.askedTitle, isNumber: true, cell: ({ asked }: Replay) => number(asked) },
    { title: words.begun, cell: ({ createdAt }: Replay) => <Moment at={createdAt} /> },
  ]
}

type Typed = { since: string; until: string; from: string; to: string }

const DAY_MS = 86_400_000

function Fields({
  id,
  kind,
  onKind,
  onBegun,
}: {
  id: string
  kind: Kind
  onKind: (kind: Kind) => void
  onBegun: (replay: Replay) => void
}) {
  const words = t.endpoints.sendAgain
  const [typed, setTyped] = useState<Typed>(() => ({
    since: new Date(Date.now() - 7 * DAY_MS).toISOString(),
    until: '',
    from: '',
    to: '',
  }))
  const change = (name: keyof Typed) => (value: string) => setTyped({ ...typed, [name]: value })
  const moment = (name: 'since' | 'until', isOptional: boolean) => (
    <MomentField
      label={words.fields[name]}
      name={name}
      isOptional={isOptional}
      value={typed[name]}
      onChange={change(name)}
    />
  )
  const sequence = (name: 'from' | 'to') => (
    <TextField
      label={words.fields[name]}
      name={name}
      isOptional
      inputMode="numeric"
      value={typed[name]}
      onChange={change(name)}
    />
  )
  return (
    <div class="send-again">
      <Form submit={words.begin[kind]} send={() => begin(id, kind, typed)} onDone={onBegun}>
        <SelectField
          label={words.whatLabel}
          name="kind"
          value={kind}
          // One of the options.
          onChange={(chosen) => onKind(chosen as Kind)}
          hint={words.kindHints[kind]}
          options={words.kinds}
        />
        <div class="columns">
          {kind === 'failed' && moment('since', false)}
          {kind === 'times' && [moment('since', true), moment('until', true)]}
          {kind === 'sequences' && [sequence('from'), sequence('to')]}
        </div>
      </Form>
    </div>
  )
}

function begin(id: string, kind: Kind, { since, until, from, to }: Typed): Promise<Result<Replay>> {
  const params = { path: { id } }
  if (kind === 'failed')
    return call(api.POST('/api/v1/endpoints/{id}/recover', { params, body: { since: since } }))
  const span =
    kind === 'times'
      ? { ...(since ? { since: since } : {}), ...(until ? { until: until } : {}) }
      : { ...(from ? { from: numberOf(from) } : {}), ...(to ? { to: numberOf(to) } : {}) }
  return call(api.POST('/api/v1/endpoints/{id}/replays', { params, body: { kind: 'events', ...span } }))
}
