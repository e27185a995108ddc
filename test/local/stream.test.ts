/** @module Streams on the real thing: clients that others wrote, and a service that is restarted under them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventSource } from 'eventsource'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { newSecrets } from '../../src/local/dev-vars.ts'
import type { LocalWorker } from '../../src/local/worker.ts'
import { restartOften, startOn, WAYS } from '../support/stream-restarts.ts'

/** 10,000 with STREAM_EVENTS=10000: some minutes more. */
const EVENTS = Number(process.env['STREAM_EVENTS'] ?? 1_000)
const CLIENTS = 20

describe('A browser', () => {
  let worker: LocalWorker
  let data: string
  const secrets = newSecrets()
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tubewire-stream-'))
    worker = await startOn(0, data, secrets)
  })
  afterAll(async () => {
    await worker.stop()
    await rm(data, { recursive: true, force: true })
  })

  const url = (path: string) => new URL(path, worker.url)
  async function ticket(): Promise<string> {
    const headers = { authorization: `Bearer ${secrets.ADMIN_KEY}` }
    const response = await fetch(url('/api/v1/stream/tickets'), { method: 'POST', headers })
    const body: { ticket: string } = await response.json()
    return body.ticket
  }
  async function store(id: string): Promise<void> {
    const { DB, STREAM_HUB } = await worker.bindings<Env>()
    await DB.prepare(
      `INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data) VALUES (?, 'video.published', 'a', 's', 0, 'p', '{}')`,
    )
      .bind(id)
      .run()
    await STREAM_HUB.getByName('stream:0').wake()
  }
  const listening = async () => {
    const { STREAM_HUB } = await worker.bindings<Env>()
    return (await STREAM_HUB.getByName('stream:0').occupancy('')).clients
  }

  it('opens an EventSource with a ticket, once', async () => {
    const address = url(`/api/v1/stream?ticket=${await ticket()}`)
    const source = new EventSource(address)
    const opened = new Promise((resolve) => source.addEventListener('open', resolve))
    const came = new Promise<MessageEvent>((resolve) => source.addEventListener('video.published', resolve))
    await opened
    await store('evt_source')
    const { data: text, lastEventId } = await came
    const event: { id: string; sequence: number } = JSON.parse(text)
    expect(event).toMatchObject({ id: 'evt_source', sequence: Number(lastEventId) })
    source.close()
    const again = new EventSource(address)
    const error = await new Promise<{ code?: number | undefined }>((resolve) =>
      again.addEventListener('error', resolve),
    )
    expect([error.code, again.readyState]).toEqual([401, again.CLOSED])
  })

  it('opens a WebSocket with a ticket', async () => {
    const socket = new WebSocket(
      String(url(`/api/v1/stream?ticket=${await ticket()}`)).replace(/^http/, 'ws'),
    )
    const messages: { type: string; data: { id: string } | null }[] = []
    socket.on('message', (message) => messages.push(JSON.parse(String(message))))
    await vi.waitFor(() => expect(messages).toMatchObject([{ type: 'ready' }]), 10_000)
    await store('evt_socket')
    await vi.waitFor(
      () => expect(messages[1]).toMatchObject({ type: 'video.published', data: { id: 'evt_socket' } }),
      10_000,
    )
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    socket.close(1000)
    expect(await closed).toBe(1000)
  })

  it('that has gone is forgotten, however it went', async () => {
    const headers = { authorization: `Bearer ${secrets.ADMIN_KEY}` }
    const leaving = new AbortController()
    const response = await fetch(url('/api/v1/stream'), { headers, signal: leaving.signal })
    await response.body?.getReader().read()
    const socket = new WebSocket(String(url('/api/v1/stream')).replace(/^http/, 'ws'), { headers })
    await new Promise((resolve) => socket.on('message', resolve))
    expect(await listening()).toBeGreaterThanOrEqual(2)
    leaving.abort()
    socket.terminate()
    // Something is said to it: an event here, a comment otherwise.
    await store('evt_gone')
    await vi.waitFor(async () => expect(await listening()).toBe(0), 20_000)
  })

  it('is answered by a long poll as soon as there is something', async () => {
    const headers = { authorization: `Bearer ${secrets.ADMIN_KEY}` }
    const { STREAM_HUB } = await worker.bindings<Env>()
    const asked = fetch(url('/api/v1/events?after=1000000000&wait=1'), { headers })
    expect(await (await asked).json()).toEqual({ data: [] })
    const all: { data: { sequence: number }[] } = await (
      await fetch(url('/api/v1/events'), { headers })
    ).json()
    const waiting = fetch(url(`/api/v1/events?after=${all.data.at(-1)?.sequence}&wait=30`), { headers })
    await vi.waitFor(
      async () => expect((await STREAM_HUB.getByName('stream:0').occupancy('')).clients).toBe(1),
      10_000,
    )
    await store('evt_poll')
    expect(await (await waiting).json()).toMatchObject({ data: [{ id: 'evt_poll' }] })
  })
})

it(`${CLIENTS} clients of each kind have each of many events once, in order, though the service is restarted every 2 s`, {
  timeout: 900_000,
}, async () => {
  const { restarts, had, stored } = await restartOften(EVENTS, CLIENTS)
  expect(restarts).toBeGreaterThanOrEqual(3)
  expect(stored).toHaveLength(EVENTS)
  expect(had).toHaveLength(WAYS * CLIENTS)
  for (const sequences of had) expect(sequences).toEqual(stored)
})
