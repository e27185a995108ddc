/** @module What may be made for an owner: he is let in, and has room for one more. The statement that makes it says so. */
import { type CountedList, hasRoom } from './totals.ts'
import { isLetIn } from './user-row.ts'

/** On what terms something is made. */
export type Terms = {
  /** How many of it the owner may have. */
  most?: number
  /** Whether it is made even for an owner who is not let in: the operator is, whatever became of his account. */
  evenShutOut?: boolean
}

/** Why nothing was made: he has as many as he may, or he is blocked, waiting or gone. */
export type NotMade = 'full' | 'owner-shut-out'

/** A condition on the owner, the row `u` of `users`. @param list of what. @returns it with its two values, as the last ones. */
export function mayHave(
  list: CountedList,
  { most = Number.MAX_SAFE_INTEGER, evenShutOut = false }: Terms,
): { sql: string; values: [most: number, evenShutOut: number] } {
  return {
    sql: `${hasRoom(list, 'u.id', '?')} AND (? OR (${isLetIn('u')}))`,
    values: [most, Number(evenShutOut)],
  }
}

/** Reads, in the same batch, what `whyNotMade` has to know. */
export function ownerStatement(db: D1Database, ownerId: string, terms: Terms): D1PreparedStatement {
  return db
    .prepare(`SELECT 1 FROM users u WHERE u.id = ? AND (? OR (${isLetIn('u')}))`)
    .bind(ownerId, Number(terms.evenShutOut ?? false))
}

/** Why nothing was made. @param owner what `ownerStatement` has read. */
export function whyNotMade(owner: D1Result<unknown> | undefined): NotMade {
  return owner?.results.length ? 'full' : 'owner-shut-out'
}
