/** @module Users of the tests' own making, and what the audit log says of them. */
import { env } from 'cloudflare:workers'
import { type AuditEntry, type LoggedAction, listAudit } from '../../src/db/audit.ts'
import { newId } from '../../src/db/id.ts'
import type { ListPage } from '../../src/db/list.ts'
import { type CountedList, totalOf, totalStatement } from '../../src/db/totals.ts'
import { insertUser, type NewUser, type User } from '../../src/db/users.ts'

/** Any moment. */
export const NOW = 1_800_000_000_000

/** A user who is let in, with a name of his own. */
export async function givenUser(like: Partial<NewUser> = {}): Promise<User> {
  const id = newId('usr')
  const user = await insertUser(env.DB, { id, username: id, role: 2, createdAt: NOW, ...like })
  if (typeof user === 'string') throw new Error(user)
  return user
}

/** What the log is to say; `target` is what a test finds it by. */
export function entry(target: string, like: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: NOW,
    userId: 'usr_administrator',
    username: 'root',
    via: 'session',
    address: '192.0.2.1',
    action: 'test',
    target,
    success: true,
    requestId: 'req_1',
    ...like,
  }
}

/** What the log says of this target, the oldest first. */
export async function logged(target: string): Promise<LoggedAction[]> {
  const all = await listAudit(env.DB, { count: 1_000 })
  return all.filter((action) => action.target === target).toReversed()
}

/** Rows by the thousand: `INSERT … SELECT … FROM n`, where `i` counts from 0. */
export function numbers(count: number): string {
  return `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`
}

/** What a query finds first. */
export async function first(sql: string, ...values: unknown[]): Promise<Record<string, unknown> | null> {
  return env.DB.prepare(sql)
    .bind(...values)
    .first()
}

/** A list, page after page to its end. @param pageAfter reads the page after this cursor; the first page after none. */
export async function readAll<T>(
  pageAfter: (after: string | undefined) => Promise<ListPage<T>>,
): Promise<{ rows: T[]; pages: number }> {
  const rows: T[] = []
  let after: string | undefined
  for (let pages = 1; pages <= 100; pages += 1) {
    const page = await pageAfter(after)
    rows.push(...page.rows)
    after = page.next
    if (after === undefined) return { rows, pages }
  }
  throw new Error('the list does not end')
}

/** How long a list is, as it is counted. @param ownerId whose; empty: everybody's. */
export async function total(db: D1Database, list: CountedList, ownerId = ''): Promise<number> {
  return totalOf(await totalStatement(db, list, ownerId).all())
}
