/** @module Mails to be sent, and those that are kept. Every statement works on a set. */
import { columnsOf } from './columns.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { mails } from './schema.ts'

export type Mail = typeof mails.$inferSelect

/** What is stored of a new mail. `text`: encrypted. `dueAt`: null for one that is kept. */
export type NewMail = Pick<Mail, 'id' | 'recipient' | 'subject' | 'text' | 'state' | 'dueAt' | 'createdAt'>

/** A mail that is to be tried. */
export type DueMail = {
  id: string
  recipient: string
  subject: string
  /** Encrypted. */
  text: string
  /** Attempts made so far. */
  attempts: number
}

/** An attempt that was made, and what became of the mail. Times are milliseconds since the epoch. */
export type RecordedMail = {
  id: string
  /** From 1. */
  number: number
  state: 'pending' | 'sent' | 'failed'
  /** When it is tried next; null when it isn't. */
  dueAt: number | null
  error: string | null
  finishedAt: number | null
}

/** Stores a mail. Prepared: the error of a query of drizzle's would carry the address into the log. */
export async function insertMail(db: D1Database, mail: NewMail): Promise<void> {
  const { id, recipient, subject, text, state, dueAt, createdAt } = mail
  await db
    .prepare(
      `INSERT INTO mails (id, recipient, subject, text, state, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(id, recipient, subject, text, state, dueAt, createdAt)
    .run()
}

/**
 * Takes mails that are due, the longest due first: they are due again at `leaseUntil`, so that nobody else sends them
 * meanwhile, and somebody does when they are not recorded by then. One statement.
 */
export async function claimMails(
  db: D1Database,
  { now, leaseUntil, limit }: { now: number; leaseUntil: number; limit: number },
): Promise<DueMail[]> {
  const { results } = await db
    .prepare(
      `UPDATE mails SET due_at = ?2
       WHERE rowid IN (SELECT rowid FROM mails WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at LIMIT ?3)
       RETURNING id, recipient, subject, text, attempts`,
    )
    .bind(now, leaseUntil, limit)
    .all<DueMail>()
  return results
}

/**
 * Records attempts and what became of their mails, in one statement. An attempt counts only on the state that it began
 * from, so repeating this, or two senders, cannot count one twice. The text of a mail that was sent is forgotten.
 */
export async function recordMails(db: D1Database, recorded: readonly RecordedMail[]): Promise<void> {
  await db
    .prepare(
      `UPDATE mails SET state = value ->> 'state', attempts = value ->> 'number', due_at = value ->> 'dueAt',
         last_error = value ->> 'error', finished_at = value ->> 'finishedAt',
         text = CASE value ->> 'state' WHEN 'sent' THEN NULL ELSE text END
       FROM json_each(?) j
       WHERE mails.id = value ->> 'id' AND mails.state = 'pending' AND mails.attempts = (value ->> 'number') - 1`,
    )
    .bind(JSON.stringify(recorded))
    .run()
}

/** What mails can be sorted by. */
export const MAIL_SORTS = ['-createdAt', 'createdAt'] as const

/** A page of mails. */
export async function listMails(db: D1Database, query: ListQuery): Promise<ListPage<Mail>> {
  return readList<Mail>(
    db,
    {
      table: 'mails',
      list: 'mails',
      columns: columnsOf(mails),
      sorts: { createdAt: 'created_at' },
      searched: ['recipient', 'subject'],
    },
    query,
  )
}

/** Deletes mails that were made before then, whatever became of them, and at most so many. @returns how many. */
export async function deleteMails(db: D1Database, madeBefore: number, limit: number): Promise<number> {
  const { results } = await db
    .prepare(
      `DELETE FROM mails WHERE rowid IN (SELECT rowid FROM mails WHERE created_at < ? ORDER BY created_at LIMIT ?)
       RETURNING id`,
    )
    .bind(madeBefore, limit)
    .all()
  return results.length
}
