/** @module One source: what it reads, how it goes, how far it is, and when it is read next. */
import type { ComponentChildren } from 'preact'
import { number } from '../format.ts'
import { t } from '../texts/index.ts'
import { Badge, type Tone } from './badge.tsx'
import { OutsideLink } from './outside-link.tsx'
import { NextRead } from './read-times.tsx'
import { type SaveDelay, SourceDelay } from './source-delay.tsx'
import { SourceError } from './source-error.tsx'
import { methodWords, type Source, targetUrl, targetWords } from './source-words.ts'
import { Moment } from './time.tsx'

const TONES: Readonly<Record<Source['state'], Tone>> = {
  new: 'busy',
  ok: 'good',
  failing: 'warn',
  unreachable: 'bad',
  paused: 'plain',
  expired: 'bad',
}

/** @param origin of the instance. @param save what changes its delay. @param actions what else can be done with it. */
export function SourceCard({
  source,
  origin,
  save,
  onSaved,
  actions,
}: {
  source: Source
  origin: string
  save?: SaveDelay | undefined
  onSaved: () => void
  actions?: ComponentChildren
}) {
  const words = t.instances.source
  const { state, lastSuccessAt, lastPollAt, failures, changesPerHour, method } = source
  const url = targetUrl(source, origin)
  return (
    <section class="card source">
      <header>
        <h3 class="clamp" dir="auto">
          {targetWords(source)}
        </h3>
        <Badge tone={TONES[state] ?? 'plain'}>{t.instances.sourceStates[state] ?? state}</Badge>
      </header>
      <SourceError source={source} />
      <dl class="facts">
        <dt>{words.lastRead}</dt>
        <dd>
          <Moment at={lastSuccessAt} none={t.instances.neverRead} />
        </dd>
        {failures > 0 && (
          <>
            <dt>{words.lastTry}</dt>
            <dd>
              <Moment at={lastPollAt} />
            </dd>
            <dt>{words.failures}</dt>
            <dd>{number(failures)}</dd>
          </>
        )}
        <dt>{words.nextRead}</dt>
        <dd>
          <NextRead source={source} />
        </dd>
        <dt>{words.checkpoint}</dt>
        <dd>
          <HowFar source={source} />
        </dd>
        {method && (
          <>
            <dt>{words.method}</dt>
            <dd>{methodWords(method)}</dd>
          </>
        )}
        <dt>{words.changes}</dt>
        <dd>{number(changesPerHour, { maximumSignificantDigits: 2 })}</dd>
        <dt>{words.delay}</dt>
        <dd>
          <SourceDelay source={source} save={save} onSaved={onSaved} />
        </dd>
      </dl>
      {(url || actions) && (
        <footer class="actions">
          {actions}
          {url && <OutsideLink href={url}>{words.look}</OutsideLink>}
        </footer>
      )}
    </section>
  )
}

function HowFar({ source: { checkpoint } }: { source: Source }) {
  const words = t.instances.source
  if (!checkpoint) return <>{words.damaged}</>
  const { begun, newestAt, unfinished, pending, followed } = checkpoint
  const rest = [
    unfinished ? words.unfinished : '',
    followed === null ? '' : words.followed(followed),
    pending > 0 ? words.pending(pending) : '',
  ].filter(Boolean)
  return (
    <>
      {!begun && words.notBegun}
      {begun && newestAt === null && words.begun}
      {begun && newestAt !== null && (
        <>
          {words.upTo} <Moment at={newestAt} />
        </>
      )}
      {rest.length > 0 && <span class="quiet"> · {rest.join(' · ')}</span>}
    </>
  )
}
