/** @module What a person sees of the Worker's log: a line for each event and each attempt. */
import type { LogEntry } from '../workers/log.ts'

/**
 * A log line in words, or null for what nobody would miss.
 * @param message one line that the Worker or workerd printed.
 */
export function describeLog(level: string, message: string): string | null {
  const entry = parse(message)
  if (entry) return describeEntry(entry)
  // workerd's own words on a failed connection, with a stack of addresses: the attempt or poll says it better.
  if (/^e = |\nstack: |^stack: /.test(message)) return null
  return level === 'error' || level === 'warn' ? `! ${message}` : null
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

function describeEntry(entry: LogEntry): string | null {
  switch (entry.log) {
    case 'event':
      return `+ ${entry.type}  ${entry.instance}  "${oneLine(entry.title)}"  #${entry.sequence}`
    case 'attempt':
      return describeAttempt(entry)
    case 'poll':
      return describePoll(entry)
    case 'skipped':
      return `! ${entry.instance}: left out ${oneLine(entry.detail)}`
    case 'error':
      return `! ${entry.where}: ${oneLine(entry.error)}`
  }
}

function describeAttempt(entry: Extract<LogEntry, { log: 'attempt' }>): string {
  const what = `#${entry.sequence} to ${entry.url}`
  if (entry.outcome === 'delivered') return `> delivered ${what}: ${entry.status} in ${entry.durationMs} ms`
  const detail = oneLine(entry.detail ?? '')
  if (entry.outcome === 'gave-up') return `! gave up ${what}: ${detail}`
  const seconds = Math.max(0, Math.round(((entry.dueAt ?? Date.now()) - Date.now()) / 1000))
  return `! attempt ${entry.number} of ${what}: ${detail}; next in ${duration(seconds)}`
}

function describePoll(entry: Extract<LogEntry, { log: 'poll' }>): string | null {
  if (entry.outcome === 'failed') return `! ${entry.instance}: ${oneLine(entry.detail ?? 'failed')}`
  if (entry.outcome === 'waiting') return `. ${entry.instance}: more to read; ${entry.detail}`
  return null
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}

/** What an instance or a subscriber said must not move the cursor or start a line of its own. */
function oneLine(text: string): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
  return printable.length > 120 ? `${printable.slice(0, 119)}…` : printable
}
