/**
 * @module How an endpoint is doing, from attempt to attempt: when its circuit breaks, when it is disabled, when it is well again.
 * Pure. What is sent while it is broken is one probe at a time: a dead endpoint costs an attempt a step, not one an event.
 */
import { spread } from './retry.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** So many failures in a row break the circuit. */
const FAILURES_THAT_BREAK = 5
/** How long after the break, and after each probe that fails, the next one comes; the last goes on for ever. */
const PROBE_DELAYS_MS = [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 5 * HOUR] as const
/** It only failed for so long: it is disabled. */
const DISABLED_AFTER_MS = 5 * DAY
/** So many failures in a row disable it sooner, but not before this time. */
const DISABLED_AFTER = { failures: 100, milliseconds: DAY } as const

/** Times are milliseconds since the epoch. */
export type Health = {
  /** In a row. */
  failures: number
  /** When the first of them began. */
  failingSince: number | null
  /** Since when its circuit is broken; null: it isn't. */
  brokenSince: number | null
  /** Probes in a row that failed. */
  probes: number
  /** Nothing is sent before then. */
  heldUntil: number
}

export const HEALTHY: Health = { failures: 0, failingSince: null, brokenSince: null, probes: 0, heldUntil: 0 }

/** What an attempt told of its endpoint. */
export type Told = {
  startedAt: number
  endedAt: number
  isSuccess: boolean
  /** HTTP status; null when there was no answer. */
  status: number | null
  /** When it asked to be left alone until. */
  retryAt: number | null
}

/** What an attempt changes. `disabled`: why it is sent nothing any more, in a word and in words. */
export type Judgement = {
  health: Health
  isBroken: boolean
  isRecovered: boolean
  disabled: { reason: 'gone' | 'failing'; detail: string } | null
}

/** @param random from 0 to 1: spreads the time of the next probe by ±20 %. */
export function judge(before: Health, told: Told, random: number): Judgement {
  if (told.isSuccess)
    return {
      health: wellAfter(before, told),
      isBroken: false,
      isRecovered: before.brokenSince !== null,
      disabled: null,
    }
  const health = afterFailure(before, told, random)
  return {
    health,
    isBroken: before.brokenSince === null && health.brokenSince !== null,
    isRecovered: false,
    disabled: whyDisabled(health, told),
  }
}

/** Whether a status says that there is nobody any more (RFC 9110, 15.5.11): one such answer is enough. */
export function isGone(status: number | null): boolean {
  return status === 410
}

/** What was under way when it asked to be left alone says nothing against that. */
function wellAfter({ heldUntil }: Health, { endedAt }: Told): Health {
  return heldUntil > endedAt ? { ...HEALTHY, heldUntil } : HEALTHY
}

function afterFailure(before: Health, told: Told, random: number): Health {
  const { startedAt, endedAt, retryAt } = told
  const failingSince = before.failingSince ?? startedAt
  const heldUntil = Math.max(before.heldUntil, retryAt ?? 0)
  // It answers, and asks for less: that is what it gets. Breaking would be more than it asked for. One that is broken is not
  // well for that: the next probe waits for its step.
  if (told.status === 429 && before.brokenSince === null) return { ...before, failingSince, heldUntil }
  const failures = before.failures + 1
  if (before.brokenSince === null) {
    const isBroken = failures >= FAILURES_THAT_BREAK
    return {
      failures,
      failingSince,
      brokenSince: isBroken ? endedAt : null,
      probes: 0,
      heldUntil: isBroken ? Math.max(heldUntil, endedAt + probeDelay(0, random)) : heldUntil,
    }
  }
  // What was under way when it broke is no probe.
  if (startedAt < before.heldUntil || startedAt < before.brokenSince)
    return { ...before, failures, failingSince, heldUntil }
  const probes = before.probes + 1
  return {
    ...before,
    failures,
    failingSince,
    probes,
    heldUntil: Math.max(heldUntil, endedAt + probeDelay(probes, random)),
  }
}

function probeDelay(probes: number, random: number): number {
  return spread(PROBE_DELAYS_MS[Math.min(probes, PROBE_DELAYS_MS.length - 1)] ?? 0, random)
}

function whyDisabled({ failures, failingSince }: Health, { status, endedAt }: Told): Judgement['disabled'] {
  if (isGone(status)) return { reason: 'gone', detail: 'it answered 410: it is gone' }
  const failingMs = endedAt - (failingSince ?? endedAt)
  if (failingMs >= DISABLED_AFTER_MS)
    return { reason: 'failing', detail: `it only failed for ${DISABLED_AFTER_MS / DAY} days` }
  if (failures >= DISABLED_AFTER.failures && failingMs >= DISABLED_AFTER.milliseconds)
    return { reason: 'failing', detail: `${failures} attempts in a row failed, over more than a day` }
  return null
}
