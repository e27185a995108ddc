/**
 * @module Events as they happen: one stream (Server-Sent Events) for the whole page, which resumes where it broke off. By `fetch`, for
 * an `EventSource` doesn't say why it was refused, nor does it notice a connection that went silent.
 */
import { createParser } from 'eventsource-parser'
import { useEffect, useRef } from 'preact/hooks'
import { type Failure, failureOf, noAnswer, retryAfterSeconds, type Schemas } from './api.ts'

export type LiveEvent = Schemas['Event']
export type LiveState = { kind: 'connecting' } | { kind: 'open' } | { kind: 'lost'; failure: Failure }

/** The server says something every 15 s: after three times that nobody is there any more. */
const SILENCE_MS = 45_000
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000
/** A stream that lived for so long was one: after a shorter one, the next is not hurried. */
const STEADY_MS = 5_000
const AFTER_STEADY_MS = 250
/** The longest that a server can ask to be left alone. */
const LAST_RETRY_AFTER_MS = 300_000

/** What the server calls the last thing that it says. Why it ended, the next answer says. */
const ENDINGS: ReadonlySet<string> = new Set(['closed', 'dropped'])

const listeners = new Set<(event: LiveEvent) => void>()
/** Told when the stream begins anywhere but where it broke off: what happened before that, it doesn't tell. */
const beginnings = new Set<() => void>()

/** Calls with each event that comes. For as long as the component is there. */
export function useLive(listener: (event: LiveEvent) => void): void {
  const latest = useRef(listener)
  latest.current = listener
  useEffect(() => {
    const call = (event: LiveEvent) => latest.current(event)
    listeners.add(call)
    return () => {
      listeners.delete(call)
    }
  }, [])
}

/**
 * Reads again when something has happened, or may have before the stream began: soon, and not once for each of many events. While
 * nobody looks it waits until somebody does.
 * @param isWanted which events change what is shown.
 */
export function useReloadOnEvents(
  reload: () => void,
  isWanted: (event: LiveEvent) => boolean = () => true,
  delayMs = 1_000,
): void {
  const latest = useRef({ reload, isWanted })
  latest.current = { reload, isWanted }
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null
    let isOwed = false
    const soon = () => {
      if (timer !== null) return
      timer = setTimeout(() => {
        timer = null
        if (document.hidden) isOwed = true
        else latest.current.reload()
      }, delayMs)
    }
    const heard = (event: LiveEvent) => {
      if (latest.current.isWanted(event)) soon()
    }
    const seen = () => {
      if (document.hidden || !isOwed) return
      isOwed = false
      latest.current.reload()
    }
    listeners.add(heard)
    beginnings.add(soon)
    document.addEventListener('visibilitychange', seen)
    return () => {
      listeners.delete(heard)
      beginnings.delete(soon)
      document.removeEventListener('visibilitychange', seen)
      if (timer !== null) clearTimeout(timer)
    }
  }, [delayMs])
}

export type Live = {
  stop: () => void
  /** Tries at once, if it waits. */
  tryNow: () => void
}

/**
 * Begins to follow the log, from now on.
 * @param onState told of each change.
 * @param isHeld asked whether the session holds, when the stream was refused as if it didn't: otherwise it ends here.
 */
export function startLive(onState: (state: LiveState) => void, isHeld: () => Promise<boolean>): Live {
  const stopped = new AbortController()
  let lastId: string | null = null
  let retryMs = FIRST_RETRY_MS
  let wake: () => void = () => undefined
  /** When the server wants to be asked again: until then only the reader himself asks earlier. */
  let notBefore = 0

  const follow = async () => {
    onState({ kind: 'connecting' })
    while (!stopped.signal.aborted) {
      let openedAt: number | null = null
      const { failure, retryAfterMs } = await readOnce(stopped.signal, lastId, {
        open() {
          openedAt = Date.now()
          onState({ kind: 'open' })
        },
        id(id) {
          const isBeginning = lastId === null
          lastId = id
          if (isBeginning) for (const listener of [...beginnings]) listener()
        },
        event(event) {
          for (const listener of [...listeners]) listener(event)
        },
      })
      if (stopped.signal.aborted) return
      if (failure?.status === 401 && !(await isHeld())) return
      const wasSteady = openedAt !== null && Date.now() - openedAt >= STEADY_MS
      if (wasSteady) retryMs = FIRST_RETRY_MS
      // An answer that ended in order is opened anew without a word: servers are restarted.
      const isQuiet = failure === null && wasSteady
      const waitMs = isQuiet ? AFTER_STEADY_MS : Math.max(retryMs, retryAfterMs)
      if (!isQuiet) {
        onState({ kind: 'lost', failure: failure ?? noAnswer('the stream ended as soon as it had begun') })
        retryMs = Math.min(LAST_RETRY_MS, retryMs * 2)
      }
      notBefore = Date.now() + retryAfterMs
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  // The network is back, or the reader: no reason to wait any longer.
  const nudge = () => {
    if (!document.hidden && Date.now() >= notBefore) wake()
  }
  addEventListener('online', nudge)
  document.addEventListener('visibilitychange', nudge)
  follow()
  return {
    stop: () => {
      stopped.abort()
      removeEventListener('online', nudge)
      document.removeEventListener('visibilitychange', nudge)
      wake()
    },
    tryNow: () => wake(),
  }
}

/** Why an answer ended; without a failure: it was closed in order. And how long the server wants to be left alone. */
type Ending = { failure: Failure | null; retryAfterMs: number }

/** Reads one answer to its end. */
async function readOnce(
  stop: AbortSignal,
  lastId: string | null,
  told: { open: () => void; id: (id: string) => void; event: (event: LiveEvent) => void },
): Promise<Ending> {
  const silent = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => silent.abort(new Error('silence')), SILENCE_MS)
  }
  const parser = createParser({
    // The first comes without an event: who loses the connection before anything happens goes on from there, too.
    onId: told.id,
    onEvent({ event, data }) {
      // The API's own answer, as its description says.
      if (event !== undefined && !ENDINGS.has(event)) told.event(JSON.parse(data) as LiveEvent)
    },
  })
  try {
    heard()
    const response = await fetch('/api/v1/stream', {
      headers: { accept: 'text/event-stream', ...(lastId === null ? {} : { 'last-event-id': lastId }) },
      signal: AbortSignal.any([stop, silent.signal]),
      cache: 'no-store',
    })
    if (!response.ok || !response.body)
      return {
        failure: failureOf(response, await response.json().catch(() => null)),
        retryAfterMs: Math.min(LAST_RETRY_AFTER_MS, (retryAfterSeconds(response) ?? 0) * 1_000),
      }
    told.open()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { failure: null, retryAfterMs: 0 }
      heard()
      parser.feed(value)
    }
  } catch (error) {
    return { failure: noAnswer(error), retryAfterMs: 0 }
  } finally {
    clearTimeout(timer)
  }
}
