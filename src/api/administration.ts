/** @module What only administrators read: mails that were kept or could not be sent, and the audit log. */
import * as v from 'valibot'
import { type LoggedAction, listAudit } from '../db/audit.ts'
import { listMails, MAIL_SORTS } from '../db/mails.ts'
import { readKeptMail } from '../workers/mails.ts'
import { cursorList, cursorPage, id, Limit, list, listQuery, Sequence, Time, text } from './fields.ts'
import { answerList, listQueryOf } from './lists.ts'
import { ok, operation } from './operation.ts'
import { time } from './time.ts'

export const ShownMail = v.strictObject({
  id: v.string(),
  recipient: v.string(),
  subject: v.string(),
  text: v.nullable(
    v.pipe(v.string(), v.description('Of a mail that is kept here; one that is sent is not shown.')),
  ),
  state: v.picklist(['pending', 'sent', 'failed', 'kept']),
  attempts: v.pipe(v.number(), v.integer()),
  lastError: v.nullable(v.string()),
  createdAt: Time,
  nextAttemptAt: v.nullable(Time),
  finishedAt: v.nullable(Time),
})

export const AuditItem = v.strictObject({
  sequence: v.pipe(v.number(), v.integer()),
  at: Time,
  userId: v.nullable(v.string()),
  username: v.nullable(v.string()),
  via: v.pipe(
    v.string(),
    v.description(
      '`session`, `admin-key`, `anonymous`, `link` (it signed in by one), or the id of an API key.',
    ),
  ),
  address: v.string(),
  action: v.pipe(v.string(), v.description('An operation’s id.')),
  target: v.nullable(v.string()),
  success: v.boolean(),
  requestId: v.string(),
})

export const administrationOperations = [
  operation({
    id: 'getMails',
    method: 'GET',
    path: '/api/v1/mails',
    tag: 'Administration',
    summary: 'List mails of the last 30 days',
    description: 'Where no mail service is configured mails are kept, and are read here.',
    query: v.strictObject(listQuery(MAIL_SORTS)),
    answers: {
      200: {
        description: 'A page of mails.',
        schema: list(ShownMail),
        example: {
          total: 1,
          data: [
            {
              id: 'mail_9f86d081884c7d659a2feaa0',
              recipient: 'alice@example.com',
              subject: 'Verify your address',
              text: 'Hello alice, …',
              state: 'kept',
              attempts: 0,
              lastError: null,
              createdAt: '2026-11-25T10:00:00.000Z',
              nextAttemptAt: null,
              finishedAt: null,
            },
          ],
        },
      },
    },
    async handle({ query, deps }) {
      const read = async () => {
        const page = await listMails(deps.env.DB, listQueryOf(query))
        const texts = await Promise.all(
          page.rows.map((mail) => (mail.state === 'kept' ? readKeptMail(deps, mail) : null)),
        )
        return { ...page, rows: page.rows.map((mail, index) => ({ mail, text: texts[index] ?? null })) }
      }
      return answerList(read, ({ mail, text: body }) => ({
        id: mail.id,
        recipient: mail.recipient,
        subject: mail.subject,
        text: body,
        state: mail.state,
        attempts: mail.attempts,
        lastError: mail.lastError,
        createdAt: time(mail.createdAt),
        nextAttemptAt: time(mail.dueAt),
        finishedAt: time(mail.finishedAt),
      }))
    },
  }),
  operation({
    id: 'getAuditLog',
    method: 'GET',
    path: '/api/v1/audit-log',
    tag: 'Administration',
    summary: 'Who did what, on what, from where, when',
    description: 'The newest first. Nothing in it is ever changed or removed.',
    query: v.strictObject({
      before: v.optional(v.pipe(Sequence, v.description('The `next` of the answer before.'))),
      limit: Limit,
      action: v.optional(v.pipe(text(100), v.description('Only of this operation.'))),
      user: v.optional(id('usr', 'the user who did it')),
    }),
    answers: {
      200: {
        description: 'A page of the log.',
        schema: cursorList(AuditItem),
        example: {
          data: [
            {
              sequence: 7,
              at: '2026-11-25T10:00:00.000Z',
              userId: 'usr_administrator',
              username: 'root',
              via: 'session',
              address: '192.0.2.7',
              action: 'blockUser',
              target: 'usr_9f86d081884c7d659a2feaa0',
              success: true,
              requestId: 'req_9f86d081884c7d659a2feaa0',
            },
          ],
        },
      },
    },
    async handle({ query: { before, limit, action, user }, deps }) {
      const found = await listAudit(deps.env.DB, { before, count: limit + 1, action, userId: user })
      return ok(cursorPage(found, limit, showAudit, ({ sequence }) => String(sequence)))
    },
  }),
]

function showAudit({ at, ...row }: LoggedAction) {
  return { ...row, at: time(at) }
}
