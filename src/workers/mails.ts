/**
 * @module Mails: stored first, then sent. Whoever causes one answers his caller before either, so that the answer's time
 * doesn't tell whether there was one; a crash loses nothing that is stored.
 */

import { newId } from '../db/id.ts'
import {
  claimMails,
  type DueMail,
  deleteMails,
  insertMail,
  type Mail,
  type RecordedMail,
  recordMails,
} from '../db/mails.ts'
import { deadline } from '../http/deadline.ts'
import { type Sending, sendMail } from '../mail/send.ts'
import type { SendResult } from '../mail/smtp.ts'
import { decryptSecret, encryptSecret } from '../secrets.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'
import { Slots } from './slots.ts'

/** Mails of one run: also the most that a crash can make come twice. */
const RUN_SIZE = 20
const AT_ONCE = 3
/** How long sending one may take. */
const TIMEOUT_MS = 15_000
/** Nothing is begun later in a run, so that it ends within the 30 s that the platform leaves to `waitUntil`. */
const BEGIN_WITHIN_MS = 10_000
/** Longer than a run takes. What has not been recorded by then is sent by another. */
const LEASE_MS = 60_000
/** After the first attempt, the second, and so on; what fails once more is given up. */
const RETRY_DELAYS_MS = [60_000, 300_000, 900_000, 1_800_000]
/** The outcomes of sends are dear: losing them sends everything again. */
const RECORD_TRIES = 3
const KEEP_MS = 30 * 24 * 3_600_000
/** What one run deletes: there are more ticks. */
const DELETE_SIZE = 1_000

/** Stores a mail: to be sent now, or, where there is no way to send it, for the administrator to read. @returns its id. */
export async function queueMail(
  deps: Deps,
  mail: { recipient: string; subject: string; text: string },
): Promise<string> {
  const id = newId('mail')
  const createdAt = deps.clock()
  const isKept = deps.config.mail.kind === 'keep'
  await insertMail(deps.env.DB, {
    id,
    recipient: mail.recipient,
    subject: mail.subject,
    text: await encryptSecret(deps.config.encryptionKeys, mail.text, id),
    state: isKept ? 'kept' : 'pending',
    dueAt: isKept ? null : createdAt,
    createdAt,
  })
  return id
}

/**
 * Sends mails that are due, side by side. What goes wrong with one is that one's trouble only.
 * @param beginWithinMs what has not begun by then is left to a later run.
 * @throws when the database fails: what was claimed is then sent again, after its lease.
 */
export async function sendDueMails(deps: Deps, beginWithinMs = BEGIN_WITHIN_MS): Promise<void> {
  const transport = deps.config.mail
  if (transport.kind === 'keep') return
  const now = deps.clock()
  const due = await claimMails(deps.env.DB, { now, leaseUntil: now + LEASE_MS, limit: RUN_SIZE })
  if (due.length === 0) return

  const slots = new Slots(AT_ONCE, due.length)
  const recorded: RecordedMail[] = []
  const { signal, lift } = deadline(beginWithinMs)
  const send = async (mail: DueMail) => {
    recorded.push(await attemptMail(deps, transport, mail))
  }
  await Promise.all(due.map((mail) => slots.run(() => send(mail), signal)))
  lift()
  await record(deps, recorded)
}

/** Forgets what is older than 30 days, whatever became of it. */
export async function forgetOldMails(deps: Deps): Promise<void> {
  await deleteMails(deps.env.DB, deps.clock() - KEEP_MS, DELETE_SIZE)
}

/** The text of a mail that is kept, or null when there is none to be read: it is not kept, or its key is gone. */
export async function readKeptMail(
  deps: Deps,
  { id, state, text }: Pick<Mail, 'id' | 'state' | 'text'>,
): Promise<string | null> {
  if (state !== 'kept' || text === null) return null
  try {
    return await decryptSecret(deps.config.encryptionKeys, text, id)
  } catch (error) {
    deps.log({ log: 'error', where: `reading the mail ${id}`, error: describeError(error) })
    return null
  }
}

/** Makes one attempt and logs it. Never throws. */
async function attemptMail(deps: Deps, transport: Sending, mail: DueMail): Promise<RecordedMail> {
  const number = mail.attempts + 1
  const result = await trySend(deps, transport, mail, number)
  const endedAt = deps.clock()
  const delay = result.kind === 'retry' ? RETRY_DELAYS_MS[mail.attempts] : undefined
  const dueAt = delay === undefined ? null : endedAt + delay
  const error = result.kind === 'sent' ? null : result.reason
  const state = dueAt !== null ? 'pending' : result.kind === 'sent' ? 'sent' : 'failed'
  deps.log({
    log: 'mail',
    mail: mail.id,
    outcome: OUTCOMES[state],
    ...(error === null ? {} : { detail: error }),
    ...(dueAt === null ? {} : { dueAt }),
  })
  return { id: mail.id, number, state, dueAt, error, finishedAt: dueAt === null ? endedAt : null }
}

const OUTCOMES = { pending: 'retry', sent: 'sent', failed: 'gave-up' } as const

async function trySend(
  deps: Deps,
  transport: Sending,
  { id, recipient, subject, text: encrypted }: DueMail,
  attempt: number,
): Promise<SendResult> {
  try {
    const text = await decryptSecret(deps.config.encryptionKeys, encrypted, id)
    const { fetch, clock } = deps
    return await sendMail(
      transport,
      { id, attempt, recipient, subject, text },
      { fetch, clock, timeoutMs: TIMEOUT_MS },
    )
  } catch (error) {
    return { kind: 'retry', reason: describeError(error) }
  }
}

/** Recording is safe to repeat: a lost connection says nothing of whether it was done. */
async function record(deps: Deps, recorded: readonly RecordedMail[]): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await recordMails(deps.env.DB, recorded)
      return
    } catch (error) {
      if (tries === RECORD_TRIES) throw error
      deps.log({ log: 'error', where: 'recording mails; it is tried again', error: describeError(error) })
    }
  }
}
