/** @module The log: one JSON object a line, with ids; never a secret, a body or a private payload. */

export type LogEntry =
  | {
      log: 'event'
      sequence: number
      event: string
      type: string
      instance: string
      subject: string
      title: string
    }
  | {
      log: 'poll'
      instance: string
      /** What of it was read. */
      source: string
      outcome: 'new' | 'nothing-new' | 'waiting' | 'failed' | 'superseded' | 'ended'
      requests: number
      events: number
      /** Of an outcome that isn't plain: why, in plain words. */
      detail?: string
      /** Of a failure: when it is tried again. */
      dueAt?: number
      /** Failures in a row that came before, when there were any. */
      failures?: number
    }
  | {
      log: 'attempt'
      endpoint: string
      /** Without its path, which may hold a secret. */
      url: string
      event: string
      sequence: number
      number: number
      outcome: 'delivered' | 'retry' | 'gave-up'
      status: number | null
      durationMs: number
      /** After the event was seen. */
      latencyMs: number
      detail?: string
      /** Of a failure: when it is tried again, if that is known. */
      dueAt?: number
    }
  | {
      log: 'endpoint'
      endpoint: string
      /** Without its path, which may hold a secret. */
      url: string
      /** What became of it. */
      state: 'verified' | 'unverified' | 'broken' | 'recovered' | 'disabled'
      detail?: string
      /** When it is sent something next, if that is known. */
      dueAt?: number
    }
  | {
      log: 'mail'
      mail: string
      outcome: 'sent' | 'retry' | 'gave-up'
      /** Of an outcome that isn't `sent`: why, without address or text. */
      detail?: string
      /** Of a failure: when it is tried again. */
      dueAt?: number
    }
  /** A subscriber was asked, or told, something. `callback`: its origin only. */
  | {
      log: 'hub'
      mode: 'subscribe' | 'unsubscribe' | 'denied'
      topic: string
      callback: string
      status: number | null
      detail?: string
    }
  | { log: 'skipped'; instance: string; detail: string }
  /** `to`: the origin that a permanent redirect led to. */
  | { log: 'moved'; instance: string; to: string }
  /** `id`: of the request, as its answer names it. */
  | { log: 'error'; where: string; error: string; id?: string; [more: string]: unknown }

export type Log = (entry: LogEntry) => void

/** Writes to the console: Workers Logs on Cloudflare, the terminal of `npm start`. */
export const logToConsole: Log = (entry) => {
  if (entry.log === 'error') console.error(JSON.stringify(entry))
  else console.log(JSON.stringify(entry))
}

/** What went wrong, for a log line. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
