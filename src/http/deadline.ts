/** @module A time limit for a request, which can be lifted: the platform counts the timers that run. */

/** `signal` aborts with a `TimeoutError` after so many milliseconds, unless `lift` was called. */
export function deadline(milliseconds: number): { signal: AbortSignal; lift: () => void } {
  const controller = new AbortController()
  const timer = setTimeout(
    () => controller.abort(new DOMException('the time is over', 'TimeoutError')),
    milliseconds,
  )
  return { signal: controller.signal, lift: () => clearTimeout(timer) }
}
