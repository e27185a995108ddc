/** @module What polls learn of an instance itself: whether it can be reached, where it is, what it runs. Written with their guard. */
import type { GuardedWrite } from './polls.ts'

/** Polls in a row that did not reach it, since when, and since when it is called unreachable. Milliseconds since the epoch. */
export type Reachability = { failures: number; failingSince: number | null; unreachableAt: number | null }

/** Notes whether an instance can be reached. */
export function noteReachability(instanceId: string, state: Reachability): GuardedWrite {
  return (db, guard) => [
    db
      .prepare(
        `UPDATE instances SET failures = ?, failing_since = ?, unreachable_at = ? WHERE id = ? AND ${guard.sql}`,
      )
      .bind(state.failures, state.failingSince, state.unreachableAt, instanceId, ...guard.values),
  ]
}

/** Leaves all of an instance's sources alone until then: what one of them learned is true of all. */
export function putOffSources(instanceId: string, dueAt: number, dueReason: string): GuardedWrite {
  return (db, guard) => [
    db
      .prepare(
        `UPDATE sources SET due_at = ?, due_reason = ? WHERE instance_id = ? AND due_at < ? AND ${guard.sql}`,
      )
      .bind(dueAt, dueReason, instanceId, dueAt, ...guard.values),
  ]
}

/** Makes the source of all comments due: there are some that were not read. */
export function wakeComments(instanceId: string, now: number): GuardedWrite {
  return (db, guard) => [
    db
      .prepare(
        `UPDATE sources SET due_at = ?, due_reason = 'active'
         WHERE instance_id = ? AND kind = 'comments' AND target = '' AND due_at > ? AND failures = 0
           AND EXISTS (SELECT 1 FROM instances WHERE id = ? AND paused_at IS NULL) AND ${guard.sql}`,
      )
      .bind(now, instanceId, now, instanceId, ...guard.values),
  ]
}

/** Where an instance is from now on. Its host stays what its events call it. */
export function noteMove(instanceId: string, origin: string, movedFrom: string): GuardedWrite {
  return (db, guard) => [
    db
      .prepare(`UPDATE instances SET origin = ?, moved_from = ? WHERE id = ? AND ${guard.sql}`)
      .bind(origin, movedFrom, instanceId, ...guard.values),
  ]
}

/** The version that an instance runs now. */
export function noteVersion(instanceId: string, version: string): GuardedWrite {
  return (db, guard) => [
    db
      .prepare(`UPDATE instances SET version = ? WHERE id = ? AND ${guard.sql}`)
      .bind(version, instanceId, ...guard.values),
  ]
}
