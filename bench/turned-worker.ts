/** @module The Worker's side of a turned clock: ticks and polls as of another time, and what they would have sent and told. */
import type { Deps } from '../src/workers/deps.ts'
import type { LogEntry } from '../src/workers/log.ts'
import type { DeliveryMessage, PollMessage } from '../src/workers/messages.ts'
import { pollInstance } from '../src/workers/poll.ts'
import { schedule } from '../src/workers/schedule.ts'

/** What came of a call. `messages`: to the queue of polls. */
export type Report = {
  messages: { instance: string; delaySeconds: number }[]
  log: LogEntry[]
}

/** Runs a tick, or polls `instance`, `offset` milliseconds from now. */
export async function turned(deps: Deps, query: URLSearchParams): Promise<Report> {
  const offset = Number(query.get('offset'))
  const instance = query.get('instance')
  const log: LogEntry[] = []
  const messages: Report['messages'] = []
  const polls = keepingQueue<PollMessage>((body, delaySeconds) =>
    messages.push({ instance: body.instance, delaySeconds }),
  )
  // There is no endpoint, so that nothing is delivered.
  const deliveries = keepingQueue<DeliveryMessage>(() => undefined)
  const then: Deps = {
    ...deps,
    env: { ...deps.env, POLL_QUEUE: polls, DELIVERY_QUEUE: deliveries },
    clock: () => Date.now() + offset,
    log: (entry) => log.push(entry),
  }
  await (instance === null ? schedule(then) : pollInstance(then, instance))
  return { messages, log }
}

/** A queue that hands on what it is sent. */
function keepingQueue<TMessage>(keep: (body: TMessage, delaySeconds: number) => void): Queue<TMessage> {
  const queue = {
    async sendBatch(batch: Iterable<MessageSendRequest<TMessage>>) {
      for (const { body, delaySeconds = 0 } of batch) keep(body, delaySeconds)
    },
  }
  // Our code sends by `sendBatch` only, and takes nothing of what that answers.
  return queue as unknown as Queue<TMessage>
}
