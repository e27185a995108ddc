/** @module The catalogue: each type has a payload that its schema takes, and that nothing else gets through. */
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { CATALOGUE, exampleOf } from '../../src/events/catalogue.ts'
import { csvLine } from '../../src/events/csv.ts'
import { eventJson, publicEvent } from '../../src/events/envelope.ts'
import { EVENT_TYPES, type EventType } from '../../src/events/types.ts'
import { parseCsv } from '../support/csv.ts'

/** The payload of an example, to be changed. */
const dataOf = (type: EventType): Record<string, unknown> => structuredClone(exampleOf(type).data)

const isTaken = (type: EventType, data: unknown) => v.is<v.GenericSchema>(CATALOGUE[type].data, data)

type Place = { path: string; holder: Record<string, unknown>; key: string }

/** Every field of a payload but those of what may have any. */
function places(holder: object, path = ''): Place[] {
  return Object.entries(holder).flatMap(([key, value]) => {
    const here = { path: `${path}${key}`, holder: holder as Record<string, unknown>, key }
    const isOpen = /^(raw|notification\.comment)/.test(here.path)
    if (isOpen) return []
    const isHolder = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isHolder ? [here, ...places(value, `${here.path}.`)] : [here]
  })
}

/** Every object in a payload that has the fields of its schema, and no others. */
function closedObjects(data: object): { path: string; object: Record<string, unknown> }[] {
  const within = places(data).flatMap(({ path, holder, key }) => {
    const value = holder[key]
    const isClosed = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isClosed && path !== 'notification' ? [{ path, object: value as Record<string, unknown> }] : []
  })
  return [{ path: '', object: data as Record<string, unknown> }, ...within]
}

const text = fc.oneof(
  fc.constantFrom(
    '',
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("https://x")',
    'a\r\nb\u2028c\u2029',
    '\u0000\u0007',
    '\ud800',
    '‮evil',
    '__proto__',
    '🐙'.repeat(500),
  ),
  fc.string({ unit: 'binary' }),
)

describe('The catalogue', () => {
  it('has every type of event, in the order of the types', () => {
    expect(Object.keys(CATALOGUE)).toEqual(EVENT_TYPES)
  })

  it('has an example of each with an id, a sequence and a time of its own', () => {
    const examples = EVENT_TYPES.map(exampleOf)
    expect(new Set(examples.map(({ id }) => id)).size).toBe(EVENT_TYPES.length)
    expect(examples.map(({ sequence }) => sequence)).toEqual(EVENT_TYPES.map((_, index) => 42 + index))
    for (const { id, timestamp } of examples) {
      expect(id).toMatch(/^evt_[0-9a-f]{32}$/)
      expect(new Date(timestamp).toISOString()).toBe(timestamp)
    }
  })

  it('says of each in a sentence when there is one', () => {
    for (const type of EVENT_TYPES) expect(CATALOGUE[type].when, type).toMatch(/^[A-Z].*\.$/)
    expect(new Set(EVENT_TYPES.map((type) => CATALOGUE[type].when)).size).toBe(EVENT_TYPES.length)
  })

  it('says that what is told to an account needs a connection', () => {
    const connected = EVENT_TYPES.filter((type) => CATALOGUE[type].from === 'connection')
    expect(connected).toEqual(EVENT_TYPES.filter((type) => 'connection' in exampleOf(type).data))
  })
})

describe.each(EVENT_TYPES)('%s', (type) => {
  it('has an example that its schema takes as it is, also after JSON', () => {
    const data = dataOf(type)
    expect(v.parse<v.GenericSchema>(CATALOGUE[type].data, data)).toEqual(data)
    expect(JSON.parse(JSON.stringify(data))).toEqual(data)
  })

  it('takes no field that is not of it, at any depth', () => {
    const { length } = closedObjects(dataOf(type))
    for (let index = 0; index < length; index += 1) {
      const data = dataOf(type)
      const { path, object } = closedObjects(data)[index] ?? {}
      if (object) object['unheard'] = 1
      expect(isTaken(type, data), path).toBe(false)
    }
  })

  it('misses every field that is left out, and takes none of another kind', () => {
    const all = places(dataOf(type))
    for (const [index, { path }] of all.entries()) {
      const left = dataOf(type)
      const changed = dataOf(type)
      const [one, other] = [places(left)[index], places(changed)[index]]
      if (!one || !other) throw new Error(path)
      delete one.holder[one.key]
      // Of changes any may be left out.
      expect(isTaken(type, left), path).toBe(type === 'video.updated' && path === 'changes.name')
      other.holder[other.key] = { of: 'another kind' }
      expect(isTaken(type, changed), path).toBe(false)
    }
  })

  it('tells whatever people write, and it comes out again of the log, the API and files', () => {
    // Times are ours, whoever tells them.
    const isFree = ({ path, holder, key }: Place) =>
      typeof holder[key] === 'string' && !/(At|since|privacy)$/.test(path)
    fc.assert(
      fc.property(text, (written) => {
        const data = dataOf(type)
        for (const { holder, key } of places(data).filter(isFree)) holder[key] = written
        expect(isTaken(type, data)).toBe(true)
        const stored = { ...exampleOf(type), seenAt: 0, data: JSON.stringify(data) }
        expect(publicEvent(stored).data).toEqual(data)
        expect(JSON.parse(eventJson(stored)).data).toEqual(data)
        expect(eventJson(stored)).not.toMatch(/[\r\n]/)
        const [cells = []] = parseCsv(csvLine(stored))
        expect(JSON.parse(cells.at(-1) ?? '')).toEqual(data)
        for (const cell of cells.slice(0, -1)) expect(cell).not.toMatch(/^\s*[=+\-@]/)
      }),
      { numRuns: 50 },
    )
  })
})

describe('What a notification is about', () => {
  it('may be anything, or gone', () => {
    const data = exampleOf('notification.created').data
    for (const payload of [{}, { abuse: { id: 1 } }, { data: [1, null] }, { newer: 'yes' }]) {
      const { comment: _, ...bare } = data.notification
      expect(isTaken('notification.created', { ...data, notification: { ...bare, ...payload } })).toBe(true)
    }
  })

  it.each([null, 5, 'text', [1], { deep: [{ er: {} }] }])('of an unknown kind may be %j', (raw) => {
    expect(isTaken('notification.unknown', { ...dataOf('notification.unknown'), raw })).toBe(true)
  })
})
