/** @module When something of an instance was read, when it is read next, and why then. */
import { exactTime } from '../format.ts'
import { t } from '../texts/index.ts'
import { reasonWords, type Source } from './source-words.ts'
import { Moment, useNow } from './time.tsx'

/** When a source is read next, and why then. */
export function NextRead({ source }: { source: Pick<Source, 'nextPollAt' | 'nextPollReason'> | null }) {
  const now = useNow()
  if (!source) return <span class="quiet">{t.instances.notPlanned}</span>
  const { nextPollAt: at, nextPollReason } = source
  return (
    <>
      {at !== null && Date.parse(at) <= now ? (
        <time dateTime={at} title={exactTime(at)}>
          {t.instances.dueNow}
        </time>
      ) : (
        <Moment at={at} none={t.instances.notPlanned} />
      )}
      <span class="quiet"> · {reasonWords(nextPollReason)}</span>
    </>
  )
}
