import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { webfinger } from '../../src/federation/webfinger.ts'
import recorded from '../fixtures/recordings/get_webfinger.json'

const ORIGIN = 'https://tubewire.example'
const DOCUMENT = {
  subject: 'acct:tubewire@tubewire.example',
  aliases: ['https://tubewire.example/actor'],
  links: [{ rel: 'self', type: 'application/activity+json', href: 'https://tubewire.example/actor' }],
}

describe('webfinger', () => {
  it.each([
    'acct:tubewire@tubewire.example',
    'acct:Tubewire@TUBEWIRE.example',
    'ACCT:tubewire@tubewire.example',
    'acct:%74ubewire@tubewire.example',
    'https://tubewire.example/actor',
    'HTTPS://tubewire.example:443/actor',
  ])('finds the actor by %s', (resource) => {
    expect(webfinger(ORIGIN, resource)).toEqual({ kind: 'found', document: DOCUMENT })
  })

  it.each([
    'acct:root@tubewire.example',
    'acct:tubewire@elsewhere.example',
    'acct:tubewire@tubewire.example:8443',
    'https://tubewire.example/',
    'https://tubewire.example/actor/inbox',
    'https://tubewire.example/actor?x',
    'https://elsewhere.example/actor',
    'http://tubewire.example/actor',
    'mailto:tubewire@tubewire.example',
    'urn:uuid:2854a725-032f-4813-9de6-9c19d844a333',
  ])('knows nothing of %s', (resource) => {
    expect(webfinger(ORIGIN, resource)).toEqual({ kind: 'unknown' })
  })

  it.each([
    undefined,
    '',
    'tubewire',
    'tubewire@tubewire.example',
    '@tubewire@tubewire.example',
    'acct:',
    'acct:tubewire',
    'acct:tubewire@',
    'acct:@tubewire.example',
    'acct:tubewire@tubewire.example@elsewhere.example',
    'acct:tubewire@tubewire.example/actor',
    'acct:%E0%A4%A@tubewire.example',
    'acct:tubewire@tubewire .example',
    '//tubewire.example/actor',
  ])('calls %j malformed, and says how it should be', (resource) => {
    expect(webfinger(ORIGIN, resource)).toEqual({
      kind: 'malformed',
      problem: expect.stringMatching(/^(is missing|must be )/),
    })
  })

  it.each([
    [['self'], 1],
    [['http://webfinger.net/rel/profile-page', 'self'], 1],
    [['http://webfinger.net/rel/profile-page'], 0],
    [[], 1],
  ])('gives the links of %j only, and all the rest as ever', (rels, links) => {
    expect(webfinger(ORIGIN, DOCUMENT.subject, rels)).toEqual({
      kind: 'found',
      document: { ...DOCUMENT, links: DOCUMENT.links.slice(0, links) },
    })
  })

  it('knows a port that belongs to the host, and a host of any letters', () => {
    const local = webfinger('http://localhost:8787', 'acct:tubewire@localhost:8787')
    expect(local).toMatchObject({ document: { subject: 'acct:tubewire@localhost:8787' } })
    const umlaut = webfinger('https://xn--mller-kva.example', 'acct:tubewire@müller.example')
    expect(umlaut).toMatchObject({ document: { subject: 'acct:tubewire@xn--mller-kva.example' } })
  })

  it('answers as PeerTube does: the same fields, the same link to the actor', () => {
    const body = recorded.response.body
    expect(Object.keys(DOCUMENT)).toEqual(Object.keys(body))
    expect(DOCUMENT.links[0]).toMatchObject({ rel: body.links[0]?.rel, type: body.links[0]?.type })
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl()), fc.boolean(), (text, isAccount) => {
        const answer = webfinger(ORIGIN, isAccount ? `acct:${text}` : text)
        expect(answer.kind).not.toBe('found')
      }),
    )
  })
})
