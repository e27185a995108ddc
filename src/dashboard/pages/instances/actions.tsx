/** @module What can be done with an instance: read it now, pause it, remove it; and how that went. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Failure } from '../../api.ts'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { FailureNote } from '../../parts/failure.tsx'
import type { Source } from '../../parts/source-words.ts'
import { Moment } from '../../parts/time.tsx'
import { go } from '../../routes.ts'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useUntil } from '../../use-every.ts'
import type { Loaded } from '../../use-loaded.ts'
import type { Instance } from './instance-badge.tsx'

/** When each source was read before somebody asked for it, by its id. */
type Asked = ReadonlyMap<string, string | null>

export function InstanceActions({ instance, loaded }: { instance: Instance; loaded: Loaded<Instance> }) {
  const can = useCan()
  const words = t.instances.one
  const { id, host, paused, sources = [] } = instance
  const path = { params: { path: { id } } }
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [asked, setAsked] = useState<Asked | null>(null)
  const [isResumed, setResumed] = useState(false)
  const isUnderWay = asked !== null && !paused && !isReadSince(sources, asked)
  const isLate = useUntil(isUnderWay, loaded.reload)

  const pollNow = async () => {
    if (isBusy || isUnderWay) return
    setBusy(true)
    setAsked(null)
    setResumed(false)
    const result = await call(api.POST('/api/v1/instances/{id}/poll', path))
    setBusy(false)
    setFailure(result.ok ? null : result.failure)
    if (result.ok) setAsked(new Map(sources.map((source) => [source.id, source.lastPollAt])))
  }
  const pause = async (isPaused: boolean) => {
    if (isBusy) return
    setBusy(true)
    setAsked(null)
    const result = await call(api.PATCH('/api/v1/instances/{id}', { ...path, body: { paused: isPaused } }))
    setBusy(false)
    setFailure(result.ok ? null : result.failure)
    setResumed(result.ok && !isPaused)
    if (result.ok) loaded.set(result.data)
  }
  return (
    <>
      <div class="actions instance-actions">
        <button type="button" aria-disabled={isBusy || isUnderWay} disabled={paused} onClick={pollNow}>
          {words.poll}
        </button>
        <button type="button" aria-disabled={isBusy} onClick={() => pause(!paused)}>
          {paused ? words.resume : words.pause}
        </button>
        {can('removeInstance') && (
          <ConfirmButton
            label={words.remove}
            title={words.removeTitle(host)}
            question={<p>{words.removeQuestion(sources.length)}</p>}
            act={() => call(api.DELETE('/api/v1/instances/{id}', path))}
            onDone={() => go(linkTo(['instances']))}
          />
        )}
        <span role="status">
          {isUnderWay && !isLate && (
            <>
              <span class="spinner" aria-hidden="true" /> {words.polling}
            </>
          )}
          {isLate && words.pollLate}
          {isResumed && words.resumed}
          {asked !== null && !isUnderWay && !paused && <Polled sources={sources} />}
        </span>
      </div>
      {failure && <FailureNote failure={failure} />}
    </>
  )
}

function Polled({ sources }: { sources: readonly Source[] }) {
  if (sources.some(({ errorKind }) => errorKind !== null)) return <>{t.instances.one.pollFailed}</>
  const last = sources
    .flatMap(({ lastPollAt }) => lastPollAt ?? [])
    .toSorted()
    .at(-1)
  return (
    <>
      {t.instances.one.polled} <Moment at={last ?? null} />.
    </>
  )
}

/** Whether nothing waits to be read as somebody asked: what fails with the first source puts off the others. */
function isReadSince(sources: readonly Source[], asked: Asked): boolean {
  return (
    sources.every(({ nextPollReason }) => nextPollReason.code !== 'asked') &&
    sources.some(({ id, lastPollAt }) => lastPollAt !== (asked.get(id) ?? null))
  )
}
