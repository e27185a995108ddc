/** @module Whether our own limits are exact: of many requests at once as many pass as are allowed. */
import type { Figure } from './figures.ts'
import { type Measured, startMeasured } from './harness.ts'

const REQUESTS = 1_000
/** In memory, as the limit of the API, and in storage too, as that of logins. Both outlast the measurement. */
const WINDOWS_MS = { memory: 10_000, storage: 300_000 }
const ALLOWED = 50

/** The figure of the limiter. */
export async function limiterFigures(): Promise<Figure[]> {
  const measured = await startMeasured()
  try {
    // Once before, uncounted: connections, compilation.
    await countPassed(measured, 'warm-up', WINDOWS_MS.memory)
    const memory = await countPassed(measured, 'memory', WINDOWS_MS.memory)
    const storage = await countPassed(measured, 'storage', WINDOWS_MS.storage)
    // Too many in one must not make up for too few in the other.
    const wrong = Math.abs(ALLOWED - memory) + Math.abs(ALLOWED - storage)
    return [{ name: 'limiter.exact', value: wrong, unit: 'requests', target: '= 0', pass: wrong === 0 }]
  } finally {
    await measured.stop()
  }
}

/** Makes a caller's requests, all at once. @returns how many of them were let through. */
async function countPassed({ call }: Measured, caller: string, windowMs: number): Promise<number> {
  const path = `/count?caller=${caller}&requests=${ALLOWED}&windowMs=${windowMs}`
  const startedAt = performance.now()
  const answers = await Promise.all(Array.from({ length: REQUESTS }, () => call(path)))
  const tookMs = Math.round(performance.now() - startedAt)
  if (tookMs >= windowMs) throw new Error(`the requests took ${tookMs} ms: longer than their window`)
  return answers.filter((answer) => answer === 'true').length
}
