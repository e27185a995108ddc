/** @module How far a replay is. */
import { useEffect, useRef } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { number } from '../../format.ts'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { Progress } from '../../parts/gauge.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { useEvery } from '../../use-every.ts'
import { useLoaded } from '../../use-loaded.ts'

const LOOK_MS = 2_000

type Counted = NonNullable<Awaited<ReturnType<typeof readReplay>> & { ok: true }>['data']

const readReplay = (id: string, replay: string) =>
  call(api.GET('/api/v1/endpoints/{id}/replays/{replay}', { params: { path: { id, replay } } }))

/**
 * Is read every two seconds, until all that it asked for has come to something.
 * @param onDone told then.
 */
export function ReplayProgress({
  id,
  replayId,
  onDone,
}: {
  id: string
  replayId: string
  onDone: () => void
}) {
  const replay = useLoaded(`replay ${replayId}`, () => readReplay(id, replayId))
  const isUnderWay = replay.data !== null && isOpen(replay.data)
  useEvery(isUnderWay ? LOOK_MS : null, replay.reload)
  const wasUnderWay = useRef(false)
  useEffect(() => {
    if (wasUnderWay.current && !isUnderWay) onDone()
    wasUnderWay.current = isUnderWay
  }, [isUnderWay])
  return (
    <LoadedPart of={replay}>
      {(read) => <Shown replay={read} id={id} onCancelled={replay.reload} />}
    </LoadedPart>
  )
}

/** Whether there is more to come. */
function isOpen({ state, deliveries }: Counted): boolean {
  return state === 'running' || (state === 'done' && deliveries.pending > 0)
}

/** How much of it has come to something, 0 to 1. */
function shareOf({ share, asked, deliveries }: Counted): number {
  const over = deliveries.delivered + deliveries.failed + deliveries.skipped
  return asked === 0 ? share : share * Math.min(1, over / asked)
}

function Shown({ replay, id, onCancelled }: { replay: Counted; id: string; onCancelled: () => void }) {
  const words = t.endpoints.sendAgain
  const { deliveries, state, asked } = replay
  const counts = (['delivered', 'pending', 'failed', 'skipped'] as const).filter(
    (name) => name === 'delivered' || deliveries[name] > 0,
  )
  return (
    <div class={isOpen(replay) ? 'replay card' : 'replay note good'}>
      <p>
        <strong>{isOpen(replay) ? words.running[replay.kind] : words.over[state]}</strong>{' '}
        <Moment at={replay.createdAt} />
      </p>
      {isOpen(replay) && <Progress label={words.progress} share={shareOf(replay)} />}
      <p role="status">
        {words.asked(asked)}{' '}
        {counts.map((name) => `${words.counts[name]} ${number(deliveries[name])}`).join(' · ')}
      </p>
      {deliveries.failed > 0 && (
        <p>
          <a href={linkTo(['deliveries', id], { state: 'failed' })}>{words.seeFailed}</a>
        </p>
      )}
      {isOpen(replay) && <p class="hint">{words.waitsToo}</p>}
      {state === 'running' && (
        <ConfirmButton
          label={words.cancel}
          title={words.cancelTitle}
          question={<p>{words.cancelQuestion}</p>}
          act={() =>
            call(
              api.DELETE('/api/v1/endpoints/{id}/replays/{replay}', {
                params: { path: { id, replay: replay.id } },
              }),
            )
          }
          onDone={onCancelled}
        />
      )}
    </div>
  )
}
