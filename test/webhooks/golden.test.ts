/**
 * @module Each example of the catalogue in each format, as files. `UPDATE_GOLDEN=1 npx vitest run --project pure
 * test/webhooks/golden.test.ts` writes them again: look at the difference before you keep it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import {
  canBatch,
  FORMATS,
  type Format,
  greeting,
  isChat,
  type Message,
  type RenderOptions,
  render,
  renderBatch,
} from '../../src/webhooks/formats.ts'
import { expectTaken } from '../support/targets.ts'

const FOLDER = join(import.meta.dirname, 'golden')
const isUpdate = process.env['UPDATE_GOLDEN'] === '1'

const options: RenderOptions = {
  payload: 'full',
  url: 'https://ntfy.example/my-topic',
  eventUrl: (id) => `https://tubewire.example/api/v1/events/${id}`,
}
const batch = { id: 'bat_1', now: Date.UTC(2026, 10, 24) }

/** All that has a file, by its path. */
function cases(): Map<string, { format: Format; message: Message; events: number }> {
  const examples = EVENT_TYPES.map((type) => exampleOf(type))
  const all = new Map<string, { format: Format; message: Message; events: number }>()
  for (const format of FORMATS) {
    const add = (name: string, message: Message, events = 1) =>
      all.set(`${format}/${name}.json`, { format, message, events })
    for (const event of examples) add(event.type, render(format, event, options))
    const thin: RenderOptions = { ...options, payload: 'thin' }
    // What thin leaves is the same for all types but in the data.
    const thinned = format === 'standard' ? examples : examples.slice(0, 1)
    for (const event of thinned) add(`${event.type}.thin`, render(format, event, thin))
    if (canBatch(format)) {
      add('batch', renderBatch(format, examples.slice(0, 3), batch, options), 3)
      add('batch-of-all', renderBatch(format, examples, batch, options), examples.length)
    }
    if (isChat(format)) add('greeting', greeting(format, options))
  }
  return all
}

/** As it is kept: the body read, for people to look at. */
const written = ({ body, ...rest }: Message) =>
  `${JSON.stringify({ ...rest, body: JSON.parse(body) }, null, 2)}\n`

const kept = () =>
  readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'))

const expected = cases()

describe('A golden file', () => {
  if (isUpdate) {
    for (const path of kept()) rmSync(join(FOLDER, path))
    for (const format of FORMATS) mkdirSync(join(FOLDER, format), { recursive: true })
    for (const [path, { message }] of expected) writeFileSync(join(FOLDER, path), written(message))
  }

  it('is there for every format and type, and there is no other', () => {
    expect(kept().sort()).toEqual([...expected.keys()].sort())
  })

  it.each([...expected])('%s says what is sent', (path, { format, message, events }) => {
    expect(written(message)).toBe(readFileSync(join(FOLDER, path), 'utf8'))
    if (!path.endsWith('greeting.json')) expectTaken(format, message, events, ['alpha', 'tag1'])
  })

  // So that nobody takes an update for a test that passes.
  afterAll(() => {
    if (isUpdate) console.warn(`wrote ${expected.size} golden files`)
  })
})
