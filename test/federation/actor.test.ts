import { describe, expect, it } from 'vitest'
import { actorDocument, boxDocument } from '../../src/federation/actor.ts'
import { userAgent } from '../../src/peertube/user-agent.ts'
import recordedActor from '../fixtures/recordings/ap_instance_actor.json'
import recordedOutbox from '../fixtures/recordings/ap_instance_outbox.json'

const ORIGIN = 'https://tubewire.example'
const PEM = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'

describe('The service actor', () => {
  it('is an Application with its key, in the fields that PeerTube has for its own', () => {
    const actor = actorDocument(ORIGIN, PEM)
    expect(actor).toMatchObject({
      type: 'Application',
      id: 'https://tubewire.example/actor',
      preferredUsername: 'tubewire',
      inbox: 'https://tubewire.example/actor/inbox',
      outbox: 'https://tubewire.example/actor/outbox',
      publicKey: {
        id: 'https://tubewire.example/actor#main-key',
        owner: 'https://tubewire.example/actor',
        publicKeyPem: PEM,
      },
    })
    const theirs = recordedActor.response.body
    expect(Object.keys(theirs)).toEqual(expect.arrayContaining(Object.keys(actor)))
    expect(Object.keys(actor.publicKey)).toEqual(Object.keys(theirs.publicKey))
    expect(theirs['@context']).toEqual(expect.arrayContaining(actor['@context']))
  })

  it('is what the User-Agent names', () => {
    expect(userAgent({ url: null, publicUrl: ORIGIN })).toContain(`+${actorDocument(ORIGIN, PEM).id})`)
  })

  it('says what it does, how to be left alone, and whom to write to', () => {
    expect(actorDocument(ORIGIN, PEM).summary).toMatch(/reads .* Retry-After.* left alone.* https:\/\/tube.*/)
    expect(actorDocument(ORIGIN, PEM, 'root@tubewire.example').summary).toContain('root@tubewire.example')
  })

  it('lets nothing of a setting be markup', () => {
    expect(actorDocument(ORIGIN, PEM, '<b>&amp;').summary).toContain('&lt;b>&amp;amp;')
  })

  it('has an outbox in which there is nothing', () => {
    const outbox = boxDocument(ORIGIN, 'outbox')
    expect(outbox).toMatchObject({
      id: actorDocument(ORIGIN, PEM).outbox,
      type: recordedOutbox.response.body.type,
      totalItems: 0,
      orderedItems: [],
    })
  })
})
