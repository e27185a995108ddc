/** @module In which order deliveries go out, what waits for what, and several in one body. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { deliverAll, deliveriesOf, owed, type Tubewire, testDeps } from '../support/harness.ts'

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  // Endpoints of the test before would be subscribed to the events of this one.
  await env.DB.prepare('DELETE FROM endpoints').run()
})

type Sequenced = { sequence: number }

/** An endpoint that is owed so many events, of these keys in turn. */
async function given(events: number, settings: string, keys: readonly string[] = []) {
  const made = await owed(tubewire, events)
  await env.DB.prepare(`UPDATE endpoints SET ${settings}`).run()
  if (keys.length > 0)
    await env.DB.prepare(
      `UPDATE deliveries SET order_key = (SELECT value FROM json_each(?1)
         WHERE key = (SELECT count(*) FROM deliveries d WHERE d.endpoint_id = deliveries.endpoint_id
           AND d.event_sequence < deliveries.event_sequence) % json_array_length(?1))`,
    )
      .bind(JSON.stringify(keys))
      .run()
  const { results } = await env.DB.prepare(
    'SELECT event_sequence AS sequence FROM deliveries WHERE endpoint_id = ? ORDER BY event_sequence',
  )
    .bind(made.endpoint.id)
    .all<{ sequence: number }>()
  return { ...made, sequences: results.map(({ sequence }) => sequence) }
}

/** From now on these events are answered 500, and the rest 200. @returns the sequences in the order of their attempts. */
function failing(sequences: ReadonlySet<number>): number[] {
  const begun: number[] = []
  tubewire.deps.fetch = async (_input, init) => {
    const { sequence } = JSON.parse(String(init?.body))
    begun.push(sequence)
    // Whatever was begun before has time to come back later.
    await new Promise((resolve) => setTimeout(resolve, begun.length % 3))
    return new Response('', { status: sequences.has(sequence) ? 500 : 200 })
  }
  return begun
}

const statesOf = async (id: string) => (await deliveriesOf(id)).map(({ state }) => state[0]).join('')

describe('Deliveries to an endpoint', () => {
  it('begin in the order of the events, however many are under way at once', async () => {
    const { endpoint, sequences } = await given(60, 'concurrency = NULL')
    const begun = failing(new Set())
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(begun).toEqual(sequences)
  })

  it('that were tried before come beside those that were not, and hold up none', async () => {
    const { endpoint, sequences } = await given(20, 'concurrency = 1')
    const [first = 0] = sequences
    failing(new Set([first]))
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await statesOf(endpoint.id)).toBe(`p${'d'.repeat(19)}`)
    const again = failing(new Set())
    tubewire.advance(5_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(again).toEqual([first])
  })

  it('that are asked for again come behind what is new, in each round', async () => {
    const { endpoint, sequences } = await given(20, 'concurrency = 1')
    const [again, fresh] = [sequences.slice(0, 15), sequences.slice(15)]
    await env.DB.prepare('UPDATE deliveries SET due_at = 1 WHERE event_sequence <= ?')
      .bind(again.at(-1))
      .run()
    const begun = failing(new Set())
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(begun).toEqual([...fresh, ...again])
  })

  it('of the ordering "endpoint" all wait behind one that failed', async () => {
    const { endpoint, sequences } = await given(12, "ordering = 'endpoint'")
    const third = sequences[2] ?? 0
    const begun = failing(new Set([third]))
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(begun).toEqual(sequences.slice(0, 3))
    // Nor does anything go before its time has come.
    tubewire.advance(4_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(begun).toHaveLength(3)
    const rest = failing(new Set())
    tubewire.advance(1_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(rest).toEqual(sequences.slice(2))
    expect(await statesOf(endpoint.id)).toBe('d'.repeat(12))
  })

  it('of the ordering "subject" only what is about the same waits; nothing else does', async () => {
    const { endpoint, sequences } = await given(30, "ordering = 'subject'", ['a', 'b', 'c'])
    const ofA = sequences.filter((_, index) => index % 3 === 0)
    const [, second = 0] = ofA
    const begun = failing(new Set([second]))
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(begun.filter((sequence) => ofA.includes(sequence))).toEqual(ofA.slice(0, 2))
    expect(begun.filter((sequence) => !ofA.includes(sequence))).toHaveLength(20)
    const rest = failing(new Set())
    tubewire.advance(5_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(rest).toEqual(ofA.slice(1))
  })

  it('of the ordering "subject" more than a round holds may wait, and the rest still goes out', async () => {
    const { endpoint, sequences } = await given(260, "ordering = 'subject'", ['a'])
    const last = sequences.at(-1) ?? 0
    await env.DB.prepare("UPDATE deliveries SET order_key = 'b' WHERE event_sequence = ?").bind(last).run()
    const begun = failing(new Set(sequences.slice(0, 1)))
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(begun).toEqual([sequences[0], last])
  })

  it('of the ordering "subject" are never two of one thing under way', async () => {
    const { endpoint } = await given(40, "ordering = 'subject'", ['a', 'b'])
    const under = new Set<string>()
    let isBroken = false
    const keys = await env.DB.prepare(
      'SELECT event_sequence AS sequence, order_key AS key FROM deliveries',
    ).all<{
      sequence: number
      key: string
    }>()
    const keyOf = new Map(keys.results.map(({ sequence, key }) => [sequence, key]))
    tubewire.deps.fetch = async (_input, init) => {
      const key = keyOf.get(JSON.parse(String(init?.body)).sequence) ?? ''
      isBroken ||= under.has(key)
      under.add(key)
      await new Promise((resolve) => setTimeout(resolve, 1))
      under.delete(key)
      return new Response()
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(isBroken).toBe(false)
    expect(await statesOf(endpoint.id)).toBe('d'.repeat(40))
  })
})

describe('Several events in one body', () => {
  const bodies = async (receiver: Awaited<ReturnType<typeof owed>>['receiver']) =>
    (await receiver.requests()).map(({ body, headers }) => ({
      ...JSON.parse(body),
      webhookId: headers['webhook-id'],
    }))

  it('go out when there are as many as fit, at once', async () => {
    const { receiver, endpoint, sequences } = await given(
      25,
      'batch_size = 10, batch_ms = 5000, concurrency = 1',
    )
    await deliverAll(tubewire.deps, [endpoint.id])
    const sent = await bodies(receiver)
    expect(sent.map(({ type, data }) => [type, data.length])).toEqual([
      ['batch', 10],
      ['batch', 10],
      ['batch', 5],
    ])
    expect(sent.flatMap(({ data }) => data.map(({ sequence }: Sequenced) => sequence))).toEqual(sequences)
    expect(await statesOf(endpoint.id)).toBe('d'.repeat(25))
  })

  it('are in the order of the events, though some are asked for again', async () => {
    const { receiver, endpoint, sequences } = await given(4, 'batch_size = 4, batch_ms = 0')
    await env.DB.prepare('UPDATE deliveries SET due_at = 1 WHERE event_sequence <= ?')
      .bind(sequences[1])
      .run()
    await deliverAll(tubewire.deps, [endpoint.id])
    const [sent] = await bodies(receiver)
    expect(sent.data.map(({ sequence }: Sequenced) => sequence)).toEqual(sequences)
  })

  it('wait for others for as long as the owner says, and wake themselves then', async () => {
    const { receiver, endpoint } = await given(3, 'batch_size = 10, batch_ms = 5000')
    tubewire.deliveryQueue.sent.splice(0)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    expect(tubewire.deliveryQueue.sent).toEqual([{ body: { endpoints: [endpoint.id] }, delaySeconds: 5 }])
    tubewire.advance(5_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect((await bodies(receiver)).map(({ data }) => data.length)).toEqual([3])
  })

  it('that fail come again by themselves, with the same id, though there is more by then', async () => {
    const { receiver, endpoint, sequences } = await given(7, 'batch_size = 10, batch_ms = 0')
    const late = sequences.slice(3)
    const setDue = (dueAt: number | null) =>
      env.DB.prepare('UPDATE deliveries SET due_at = ? WHERE event_sequence >= ?').bind(dueAt, late[0]).run()
    await setDue(null)
    await receiver.answer({ status: 500, times: 1 }, { status: 200 })
    await deliverAll(tubewire.deps, [endpoint.id])
    await setDue(0)
    tubewire.advance(5_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    const [first, second, third] = await bodies(receiver)
    expect(second.webhookId).toBe(first.webhookId)
    expect([first, second, third].map(({ data }) => data.map(({ sequence }: Sequenced) => sequence))).toEqual(
      [sequences.slice(0, 3), sequences.slice(0, 3), late],
    )
    expect(await receiver.count()).toBe(3)
  })

  it('that failed come again as they were, however many batches did', async () => {
    const { receiver, endpoint, sequences } = await given(
      240,
      'batch_size = 100, batch_ms = 0, concurrency = 1',
    )
    const [first = 0] = sequences
    // More than a round reads, which so ends in the midst of the last.
    await env.DB.prepare(
      'UPDATE deliveries SET attempts = 1, due_at = 2 + CAST((event_sequence - ?) / 60 AS INTEGER)',
    )
      .bind(first)
      .run()
    await deliverAll(tubewire.deps, [endpoint.id])
    const sent = (await bodies(receiver)).map(({ data }) => data.map(({ sequence }: Sequenced) => sequence))
    expect(sent).toEqual([0, 60, 120, 180].map((at) => sequences.slice(at, at + 60)))
  })

  it('that fail come again together, though some were tried before', async () => {
    const { receiver, endpoint, sequences } = await given(4, 'batch_size = 4, batch_ms = 0')
    await env.DB.prepare('UPDATE deliveries SET attempts = 3 WHERE event_sequence <= ?')
      .bind(sequences[1])
      .run()
    await receiver.answer({ status: 500, times: 1 }, { status: 200 })
    await deliverAll(tubewire.deps, [endpoint.id])
    tubewire.advance(12 * 3_600_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    const [first, second] = await bodies(receiver)
    expect(second.webhookId).toBe(first.webhookId)
    expect(await receiver.count()).toBe(2)
  })

  it('that fail come again in order where all is sent in order, however often each was tried', async () => {
    const { receiver, endpoint, sequences } = await given(
      300,
      "batch_size = 100, batch_ms = 0, ordering = 'endpoint'",
    )
    // As of rounds that read them in part, and in the wrong order.
    await env.DB.prepare(
      'UPDATE deliveries SET attempts = 1, due_at = iif(event_sequence % 2 = 0, 2, 3)',
    ).run()
    await deliverAll(tubewire.deps, [endpoint.id])
    const sent = (await bodies(receiver)).map(({ data }) => data.map(({ sequence }: Sequenced) => sequence))
    expect(sent.map((body) => body.length)).toEqual([100, 100, 100])
    expect(sent.map((body) => body.toSorted((a: number, b: number) => a - b))).toEqual(sent)
    expect(new Set(sent.flat())).toEqual(new Set(sequences))
  })

  it('wait for others though there is something to try again, which does not', async () => {
    const { receiver, endpoint, sequences } = await given(5, 'batch_size = 10, batch_ms = 5000')
    await env.DB.prepare('UPDATE deliveries SET attempts = 1, due_at = 2 WHERE event_sequence <= ?')
      .bind(sequences[2])
      .run()
    tubewire.deliveryQueue.sent.splice(0)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect((await bodies(receiver)).map(({ data }) => data.length)).toEqual([3])
    expect(await statesOf(endpoint.id)).toBe('dddpp')
    expect(tubewire.deliveryQueue.sent).toEqual([{ body: { endpoints: [endpoint.id] }, delaySeconds: 5 }])
    tubewire.advance(5_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect((await bodies(receiver)).map(({ data }) => data.length)).toEqual([3, 2])
  })

  it('that fail come again together, with the same id', async () => {
    const { receiver, endpoint } = await given(4, 'batch_size = 4, batch_ms = 0')
    await receiver.answer({ status: 500, times: 1 }, { status: 200 })
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await statesOf(endpoint.id)).toBe('pppp')
    tubewire.advance(5_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    const [first, second] = await bodies(receiver)
    expect(second.webhookId).toBe(first.webhookId)
    expect(second.data).toEqual(first.data)
    expect(await statesOf(endpoint.id)).toBe('dddd')
  })
})
