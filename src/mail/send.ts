/** @module One attempt to send a mail, by the way that the configuration says. */
import type { MailTransport } from '../config.ts'
import { deadline } from '../http/deadline.ts'
import { VERSION } from '../version.ts'
import { addressProblem, formatMessage, sender } from './message.ts'
import { type SendResult, sendBySmtp } from './smtp.ts'

/** How mail leaves, when it does. */
export type Sending = Exclude<MailTransport, { kind: 'keep' }>
type Service = Extract<MailTransport, { kind: 'http' }>

/** A mail, and which attempt at it this is, from 1. */
export type OutgoingMail = { id: string; attempt: number; recipient: string; subject: string; text: string }

type SendDeps = { fetch: typeof fetch; clock: () => number; timeoutMs: number }

/**
 * Sends a mail once. Never throws for what the other side does. A timeout leaves open whether the mail was taken: it counts
 * as not taken, and a mail that so comes twice has the same Message-ID.
 * @param deps `timeoutMs`: how long all of it may take.
 */
export async function sendMail(transport: Sending, mail: OutgoingMail, deps: SendDeps): Promise<SendResult> {
  const problem = addressProblem(mail.recipient) ?? addressProblem(transport.from)
  if (problem !== null) return { kind: 'refused', reason: problem }
  if (transport.kind === 'http') return sendToService(transport, mail, deps)
  const { from } = transport
  const message = formatMessage({ ...mail, from, date: deps.clock() })
  return sendBySmtp(transport, { from, recipient: mail.recipient, message }, deps.timeoutMs)
}

async function sendToService(service: Service, mail: OutgoingMail, deps: SendDeps): Promise<SendResult> {
  const { recipient, subject, text } = mail
  const { signal, lift } = deadline(deps.timeoutMs)
  try {
    const response = await deps.fetch(service.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${service.key}`,
        'user-agent': `Tubewire/${VERSION}`,
        // The same when an attempt is made again because its outcome was lost; another when it has failed.
        'idempotency-key': `${mail.id}-${mail.attempt}`,
      },
      body: JSON.stringify({ from: sender(service.from), to: [recipient], subject, text }),
      redirect: 'manual',
      signal,
    })
    // What it says may repeat the address.
    await response.body?.cancel()
    return resultOf(response.status)
  } catch (error) {
    // Not what the error says: it may repeat the URL or the key.
    const isOver = error instanceof Error && error.name === 'TimeoutError'
    return { kind: 'retry', reason: isOver ? 'no answer in time' : 'no connection to the mail service' }
  } finally {
    lift()
  }
}

function resultOf(status: number): SendResult {
  if (status >= 200 && status < 300) return { kind: 'sent' }
  const isRedirect = status >= 300 && status < 400
  const reason = `the mail service answered ${status}${isRedirect ? ': redirects are not followed' : ''}`
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429
  return { kind: isRefusal ? 'refused' : 'retry', reason }
}
