/** @module The way from nothing to the first event that arrives: it ticks itself, and goes when it is done or not wanted. */
import { useRef, useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { useCan } from '../../session.ts'
import { browserStorage } from '../../storage.ts'
import { t } from '../../texts/index.ts'

/** Where it is kept that somebody doesn't want it: nothing that a script must not read. */
const HIDDEN = 'tubewire.first-steps'

/** @param instances how many there are. @param endpoints how many the reader has. */
export function FirstSteps({ instances, endpoints }: { instances: number; endpoints: number }) {
  const can = useCan()
  const [isHidden, setHidden] = useState(() => browserStorage.get(HIDDEN) !== null)
  const isDone = instances > 0 && endpoints > 0
  // Who took the last step here sees it ticked.
  const wasShown = useRef(!isDone)
  if (isHidden || (isDone && !wasShown.current)) return null
  const hide = () => {
    browserStorage.set(HIDDEN, 'hidden')
    setHidden(true)
  }
  return (
    <section class="card first-steps">
      <h2>{t.overview.steps.title}</h2>
      <ol>
        <Step
          isDone={instances > 0}
          isNext
          title={t.overview.steps.instance}
          more={can('addInstance') ? t.overview.steps.instanceMore : t.overview.steps.instanceByAdministrator}
          link={can('addInstance') ? ['instances', 'new'] : null}
          action={t.overview.steps.addInstance}
        />
        <Step
          isDone={endpoints > 0}
          isNext={instances > 0}
          title={t.overview.steps.endpoint}
          more={t.overview.steps.endpointMore}
          link={['endpoints', 'new']}
          action={t.overview.steps.addEndpoint}
        />
      </ol>
      {isDone && <p role="status">{t.overview.steps.done}</p>}
      <button type="button" class="link" onClick={hide}>
        {t.overview.steps.hide}
      </button>
    </section>
  )
}

function Step({
  isDone,
  isNext,
  title,
  more,
  link,
  action,
}: {
  isDone: boolean
  /** Whether it is the one to take now. */
  isNext: boolean
  title: string
  more: string
  link: readonly string[] | null
  action: string
}) {
  return (
    <li class={isDone ? 'done' : ''}>
      <span class="tick" aria-hidden="true">
        {isDone ? '✓' : ''}
      </span>
      <div>
        <p>
          <strong>{title}</strong>{' '}
          <span class="hidden">({isDone ? t.overview.steps.isDone : t.overview.steps.isOpen})</span>
        </p>
        {!isDone && <p class="quiet">{more}</p>}
        {!isDone && link && (
          <p>
            <a class={isNext ? 'button primary' : 'button'} href={linkTo(link)}>
              {action}
            </a>
          </p>
        )}
      </div>
    </li>
  )
}
