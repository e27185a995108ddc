/** @module What people read when a run went wrong: of each subject concerned all that was done and told, in the order of time. */
import type { History } from './history.ts'
import type { Finding, Told } from './oracle.ts'

const MOST_TRACES = 12
const MOST_LINES = 60
const SHORTLY_MS = 10 * 60_000

/** Lines about each subject of which something is wrong. */
export function tracesOf(findings: readonly Finding[], { log }: History, events: readonly Told[]): string[] {
  const bySubject = Map.groupBy(findings, ({ subject }) => subject)
  return [...bySubject].slice(0, MOST_TRACES).flatMap(([subject, wrong]) => {
    const own = [
      ...log.filter(({ subjects }) => subjects.includes(subject)).map(({ at, what }) => ({ at, line: what })),
      ...events
        .filter(
          ({ type, subject: one }) =>
            (type.startsWith('notification.') ? `notification ${one}` : one) === subject,
        )
        .map(({ type, ownerId, seenAt, data }) => ({
          at: seenAt,
          line: `told: ${type}${ownerId ? ' to its owner' : ''} ${gist(data)}`,
        })),
    ]
    // Of failures and restarts those that came shortly before.
    const others = log.filter(
      ({ subjects, at }) =>
        subjects.length === 0 && own.some((one) => one.at >= at && one.at - at < SHORTLY_MS),
    )
    const lines = [...own, ...others.map(({ at, what }) => ({ at, line: what }))].toSorted(
      (one, other) => one.at - other.at,
    )
    return [
      `--- ${subject}`,
      ...wrong.map(({ kind, text }) => `  ${kind}: ${text}`),
      ...lines.slice(0, MOST_LINES).map(({ at, line }) => `  ${new Date(at).toISOString()} ${line}`),
    ]
  })
}

function gist(data: Told['data']): string {
  if ('changes' in data) return JSON.stringify(data.changes)
  if ('comment' in data) return data.comment.text
  if ('video' in data)
    return `publishedAt ${data.video.publishedAt}${'replay' in data ? `, replay ${data.replay}` : ''}`
  return 'notification' in data ? `read ${data.notification.read}` : ''
}
