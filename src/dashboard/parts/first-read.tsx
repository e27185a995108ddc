/** @module How far the first read of something new has come, and what to do then. */
import type { ComponentChildren } from 'preact'
import { t } from '../texts/index.ts'
import { useUntil } from '../use-every.ts'
import { Progress } from './gauge.tsx'
import { type Source, targetWords } from './source-words.ts'
import { Moment } from './time.tsx'

/** Whether what was there at first is known, so that what comes is news. */
function isKnown({ lastSuccessAt, checkpoint }: Source): boolean {
  return lastSuccessAt !== null && checkpoint?.begun !== false
}

/**
 * @param sources what is read. @param reload reads them again: that is done while they are not known.
 * @param children where to go from there.
 */
export function FirstRead({
  sources,
  reload,
  children,
}: {
  sources: readonly Source[]
  reload: () => void
  children: ComponentChildren
}) {
  const words = t.instances.first
  const known = sources.filter(isKnown)
  const isDone = known.length === sources.length
  const isFailing = sources.some(({ errorKind }) => errorKind !== null)
  const isLate = useUntil(!isDone, reload)
  const tone = isDone ? 'good' : isFailing ? 'warn' : ''
  return (
    <section class={`note first-read ${tone}`} aria-label={words.title}>
      <p role="status">
        <strong>{isDone ? words.done : isFailing ? words.failed : words.waiting}</strong>
      </p>
      {!isDone && !isFailing && (
        <Progress label={words.title} share={known.length === 0 ? null : known.length / sources.length} />
      )}
      <ul>
        {sources.map((source) => (
          <li key={source.id}>
            <span class="wrap" dir="auto">
              {targetWords(source)}
            </span>
            : <SourceProgress source={source} />
          </li>
        ))}
      </ul>
      {isLate && <p>{words.late}</p>}
      {isDone && <p class="actions">{children}</p>}
    </section>
  )
}

function SourceProgress({ source }: { source: Source }) {
  const { errorKind, checkpoint } = source
  if (errorKind !== null) return <>{t.instances.first.isFailing}</>
  if (!isKnown(source)) return <>{t.instances.first.isWaiting}</>
  if (!checkpoint?.newestAt) return <>{t.instances.first.isDone}</>
  return (
    <>
      {t.instances.source.upTo} <Moment at={checkpoint.newestAt} />
    </>
  )
}
