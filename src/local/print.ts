/** @module What a person sees of the Worker's log: a line for each event and each attempt. */
import type { PublicEvent } from '../events/envelope.ts'
import { tell } from '../events/story.ts'
import type { LogEntry } from '../workers/log.ts'

/** Longer than a name or a detail should be, and short enough for a terminal. */
const MAX_TEXT = 120
/** An error is told whole: its end is often the way out. */
const MAX_ERROR = 1_000

/**
 * A log line in words, or null for what nobody would miss.
 * @param message one line that the Worker or workerd printed.
 * @param urls of endpoints by their ids: two on one host can't be told apart by the log, which has no paths.
 */
export function describeLog(
  level: string,
  message: string,
  urls: ReadonlyMap<string, string> = new Map(),
): string | null {
  const entry = parse(message)
  if (entry) return describeEntry(entry, urls)
  // workerd's own words on a failed connection, with a stack of addresses: the attempt or poll says it better.
  if (/^e = |\nstack: |^stack: /.test(message)) return null
  return level === 'error' || level === 'warn' ? `! ${message}` : null
}

/** An event in a line, for who may see it: as the log has one, and what it is about where that is private, too. */
export function titled(event: PublicEvent): string {
  const { title } = tell(event, { payload: 'full', eventUrl: (id) => id })
  const { type, instance, sequence } = event
  return `${oneLine(type)}  ${oneLine(instance)}  ${title === '' ? '' : `"${oneLine(title)}"  `}#${sequence}`
}

function parse(message: string): LogEntry | null {
  if (!message.startsWith('{"log":')) return null
  try {
    // Only our own Worker writes such lines: src/workers/log.ts.
    return JSON.parse(message) as LogEntry
  } catch {
    return null
  }
}

function describeEntry(entry: LogEntry, urls: ReadonlyMap<string, string>): string | null {
  switch (entry.log) {
    case 'event':
      return `+ ${entry.type}  ${entry.instance}  ${titleOf(entry)}#${entry.sequence}`
    case 'attempt':
      return describeAttempt(entry, placeOf(entry, urls))
    case 'endpoint':
      return describeEndpoint(entry, placeOf(entry, urls))
    case 'poll':
      return describePoll(entry)
    case 'mail':
      return describeMail(entry)
    case 'hub':
      return describeHub(entry)
    case 'skipped':
      return `! ${entry.instance}: left out ${oneLine(entry.detail)}`
    case 'moved':
      return `! ${entry.instance}: it has moved to ${entry.to}, and is read there from now on`
    case 'error':
      return `! ${entry.where}: ${oneLine(entry.error, MAX_ERROR)}${entry.id ? ` (${entry.id})` : ''}`
  }
}

/** Of one that was made since the start the log has no more than its host: then its id tells it from others there. */
function placeOf(
  { endpoint, url }: { endpoint: string; url: string },
  urls: ReadonlyMap<string, string>,
): string {
  return urls.get(endpoint) ?? `${url} (${endpoint})`
}

function describeAttempt(entry: Extract<LogEntry, { log: 'attempt' }>, url: string): string {
  const what = `#${entry.sequence} to ${url}`
  if (entry.outcome === 'delivered') return `> delivered ${what}: ${entry.status} in ${entry.durationMs} ms`
  const detail = oneLine(entry.detail ?? '', MAX_ERROR)
  if (entry.outcome === 'gave-up') return `! gave up ${what}: ${detail}`
  const next = entry.dueAt === undefined ? 'it waits' : `next ${until(entry.dueAt)}`
  return `! attempt ${entry.number} of ${what}: ${detail}; ${next}`
}

function describeEndpoint(entry: Extract<LogEntry, { log: 'endpoint' }>, url: string): string {
  const detail = oneLine(entry.detail ?? '', MAX_ERROR)
  switch (entry.state) {
    case 'verified':
      return `> ${url} wants this: it is sent what it is owed`
    case 'unverified':
      return `! ${url} did not say that it wants this, and is sent nothing yet: ${detail}. Ask it again with POST /api/v1/endpoints/${entry.endpoint}/verify (docs/webhooks.md)`
    case 'broken':
      return `! ${url} is down: ${detail}; all that it is owed waits for a probe, ${until(entry.dueAt)}`
    case 'recovered':
      return `> ${url} is well again: what waited goes out`
    case 'disabled':
      return `! ${url} is disabled: ${detail}. What it is owed waits until it is resumed`
  }
}

/** Of what is private the log says no more than that it was. */
function titleOf({ title }: Extract<LogEntry, { log: 'event' }>): string {
  return title === '' ? '' : `"${oneLine(title)}"  `
}

function describePoll(entry: Extract<LogEntry, { log: 'poll' }>): string | null {
  const { instance, outcome, detail = '', dueAt, failures = 0 } = entry
  if (outcome === 'failed') return `! ${instance}: ${oneLine(detail)}; next ${until(dueAt)}`
  if (outcome === 'ended') return `! ${instance}: ${oneLine(detail)}`
  if (outcome === 'waiting') return `. ${instance}: more to read; ${detail}`
  const times = failures === 1 ? 'a failure' : `${failures} failures`
  return failures > 0 && outcome !== 'superseded' ? `. ${instance}: it answers again, after ${times}` : null
}

function describeMail({ mail, outcome, detail = '', dueAt }: Extract<LogEntry, { log: 'mail' }>): string {
  if (outcome === 'sent') return `> sent ${mail}`
  if (outcome === 'gave-up') return `! gave up ${mail}: ${oneLine(detail, MAX_ERROR)}`
  return `! ${mail}: ${oneLine(detail, MAX_ERROR)}; next ${until(dueAt)}`
}

/** A subscriber of the hub, by its host. */
function describeHub({ mode, topic, callback, status, detail }: Extract<LogEntry, { log: 'hub' }>): string {
  const what = `${mode === 'denied' ? 'told that it is denied' : `asked whether it wants to ${mode}:`} ${oneLine(topic)}`
  const answer = detail === undefined ? `${status}` : oneLine(detail, MAX_ERROR)
  return `${detail === undefined ? '>' : '!'} ${callback} was ${what}: ${answer}`
}

/** How long it is until then: "in 5 s". */
function until(dueAt: number | undefined): string {
  return `in ${duration(Math.max(0, Math.round(((dueAt ?? 0) - Date.now()) / 1000)))}`
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}

/** What an instance or a subscriber said must not move the cursor or start a line of its own. */
export function oneLine(text: string, maxLength = MAX_TEXT): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
  return printable.length > maxLength ? `${printable.slice(0, maxLength - 1)}…` : printable
}
