/** @module How an instance is: what it is, since when it fails, when it was read. */
import { OutsideLink } from '../../parts/outside-link.tsx'
import { NextRead } from '../../parts/read-times.tsx'
import { timesOf } from '../../parts/source-words.ts'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { type Instance, InstanceBadge } from './instance-badge.tsx'

export function Health({ instance }: { instance: Instance }) {
  const words = t.instances.one
  const { name, url, version, movedFrom, state, createdAt, sources } = instance
  const { next, lastReadAt } = timesOf(sources ?? [])
  return (
    <section>
      <h2>{words.health}</h2>
      <Trouble instance={instance} />
      <div class="card">
        <dl class="facts">
          <dt>{t.common.state}</dt>
          <dd>
            <InstanceBadge state={state} />
          </dd>
          <dt>{words.name}</dt>
          <dd class="clamp" dir="auto">
            {name}
          </dd>
          <dt>{words.address}</dt>
          <dd>
            <OutsideLink href={url}>{url}</OutsideLink>
          </dd>
          <dt>{words.version}</dt>
          <dd>{t.instances.version(version)}</dd>
          {movedFrom !== null && (
            <>
              <dt>{words.movedFrom}</dt>
              <dd>{movedFrom}</dd>
            </>
          )}
          <dt>{words.added}</dt>
          <dd>
            <Moment at={createdAt} />
          </dd>
          {sources && (
            <>
              <dt>{t.instances.source.lastRead}</dt>
              <dd>
                <Moment at={lastReadAt} none={t.instances.neverRead} />
              </dd>
              <dt>{t.instances.source.nextRead}</dt>
              <dd>
                <NextRead source={next} />
              </dd>
            </>
          )}
        </dl>
      </div>
    </section>
  )
}

/** What is wrong with the instance as a whole; of a source it is said there. */
function Trouble({ instance: { state, failures = 0, failingSince = null } }: { instance: Instance }) {
  const words = t.instances.one
  if (state === 'paused') return <p class="note">{words.isPaused}</p>
  if (state === 'ok') return null
  return (
    <div class={state === 'unreachable' ? 'note bad' : 'note warn'}>
      <p>
        {failures > 0 && words.failing(failures)}{' '}
        {failingSince !== null && (
          <>
            {words.failingSince} <Moment at={failingSince} />.
          </>
        )}
      </p>
      {state === 'unreachable' && <p>{words.unreachable}</p>}
    </div>
  )
}
