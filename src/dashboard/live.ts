/**
 * @module Events as they happen: one stream (Server-Sent Events) for the whole page, which resumes where it broke off. By `fetch`, for
 * an `EventSource` doesn't say why it was refused, nor does it notice a connection that went silent.
 */
import { createParser } from 'eventsource-parser'
import { useEffect, useRef } from 'preact/hooks'
import { type Failure, failureOf, noAnswer, type Schemas } from './api.ts'

export type LiveEvent = Schemas['Event']
export type LiveState =
  | { kind: 'connecting' }
  | { kind: 'open' }
  | { kind: 'lost'; failure: Failure; retryAt: number }

/** The server says something every 15 s: after three times that nobody is there any more. */
const SILENCE_MS = 45_000
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000

/** What the server calls the last thing that it says. Why it ended, the next answer says. */
const ENDINGS: ReadonlySet<string> = new Set(['closed', 'dropped'])

const listeners = new Set<(event: LiveEvent) => void>()

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
 * Reads again when something has happened: soon, and not once for each of many events.
 * @param isWanted which events change what is shown.
 */
export function useReloadOnEvents(
  reload: () => void,
  isWanted: (event: LiveEvent) => boolean = () => true,
  delayMs = 1_000,
): void {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  useLive((event) => {
    if (timer.current !== null || !isWanted(event)) return
    timer.current = setTimeout(() => {
      timer.current = null
      reload()
    }, delayMs)
  })
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
    },
    [],
  )
}

export type Live = {
  stop: () => void
  /** Tries at once, if it waits. */
  tryNow: () => void
}

/**
 * Begins to follow the log, from now on.
 * @param onState told of each change. @param onEnd told when the session is over: it ends then.
 */
export function startLive(onState: (state: LiveState) => void, onEnd: (failure: Failure) => void): Live {
  const stopped = new AbortController()
  let lastId: string | null = null
  let retryMs = FIRST_RETRY_MS
  let wake: () => void = () => undefined

  const follow = async () => {
    onState({ kind: 'connecting' })
    while (!stopped.signal.aborted) {
      const failure = await readOnce(stopped.signal, lastId, {
        open() {
          retryMs = FIRST_RETRY_MS
          onState({ kind: 'open' })
        },
        id(id) {
          lastId = id
        },
        event(event) {
          for (const listener of [...listeners]) listener(event)
        },
      })
      if (stopped.signal.aborted) return
      if (failure?.status === 401) return onEnd(failure)
      // An answer that ended in order is opened anew without a word: servers are restarted.
      const waitMs = failure ? retryMs : 0
      if (failure) onState({ kind: 'lost', failure, retryAt: Date.now() + waitMs })
      retryMs = Math.min(LAST_RETRY_MS, retryMs * 2)
      await new Promise<void>((resolve) => {
        wake = resolve
        setTimeout(resolve, Math.max(waitMs, 250))
      })
    }
  }
  follow()
  return {
    stop: () => {
      stopped.abort()
      wake()
    },
    tryNow: () => wake(),
  }
}

/** Reads one answer to its end. @returns why it ended; null: it was closed in order. */
async function readOnce(
  stop: AbortSignal,
  lastId: string | null,
  told: { open: () => void; id: (id: string) => void; event: (event: LiveEvent) => void },
): Promise<Failure | null> {
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
    if (!response.ok || !response.body) return failureOf(response, await response.json().catch(() => null))
    told.open()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return null
      heard()
      parser.feed(value)
    }
  } catch (error) {
    return noAnswer(error)
  } finally {
    clearTimeout(timer)
  }
}
