/** @module What is told of the watching itself, and in a few words of any event. */
import { describe, expect, it } from 'vitest'
import { describeEvent } from '../../src/events/describe.ts'
import { instanceRecovered, instanceUnreachable, instanceUpgraded } from '../../src/events/instance-events.ts'
import type { NewEvent } from '../../src/events/types.ts'
import { HOST, NOW, video } from '../support/video.ts'

const instance = { host: HOST, url: `https://${HOST}`, name: 'Ours', version: '7.0.0' }
const since = NOW - 3_600_000
const failure = { reason: 'timeout', detail: 'gave no answer', since }

describe('An instance', () => {
  it('that cannot be reached tells why, and since when', () => {
    expect(instanceUnreachable(instance, failure, NOW)).toMatchObject({
      type: 'instance.unreachable',
      instance: HOST,
      subject: HOST,
      ownerId: null,
      seenAt: NOW,
      data: { instance, reason: 'timeout', detail: 'gave no answer', since: '2025-12-31T23:00:00.000Z' },
    })
  })

  it('is unreachable once for each time that it fails, whoever notices, and when', () => {
    const { id } = instanceUnreachable(instance, failure, NOW)
    expect(instanceUnreachable(instance, { ...failure, reason: 'dns' }, NOW + 5).id).toBe(id)
    expect(instanceUnreachable(instance, { ...failure, since: NOW }, NOW).id).not.toBe(id)
    expect(instanceRecovered(instance, since, NOW).id).toBe(instanceRecovered(instance, since, NOW + 5).id)
    expect(instanceRecovered(instance, since, NOW).id).not.toBe(instanceRecovered(instance, NOW, NOW).id)
  })

  it('that was upgraded tells from what to what, each time anew', () => {
    const upgraded = instanceUpgraded(instance, '6.3.0', NOW)
    expect(upgraded.data).toEqual({ instance, from: '6.3.0', to: '7.0.0' })
    expect(instanceUpgraded(instance, '6.3.0', NOW + 1).id).not.toBe(upgraded.id)
  })
})

describe('describeEvent', () => {
  const event = { id: 'evt_1', instance: HOST, subject: 'a', ownerId: null, seenAt: NOW }
  const a = { ...video('a', NOW), name: 'A video' }
  it.each<[string, NewEvent]>([
    ['A video', { ...event, type: 'video.deleted', data: { video: a } }],
    ['gave no answer', instanceUnreachable(instance, failure, NOW)],
    ['6.3.0 → 7.0.0', instanceUpgraded(instance, '6.3.0', NOW)],
    ['Ours', instanceRecovered(instance, since, NOW)],
    ['', { ...event, type: 'video.deleted', ownerId: 'usr_1', data: { video: a } }],
  ])('says %j', (text, told) => {
    expect(describeEvent(told)).toBe(text)
  })
})
