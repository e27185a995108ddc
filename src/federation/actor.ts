/**
 * @module The service actor: who it is that polls, for administrators who find its address in their log, and for the
 * software that they run. It follows nobody and is followed by nobody: there is nothing to read but itself.
 */

/** Of every ActivityPub document (ActivityPub, 3.2). */
export const ACTIVITY_TYPE = 'application/activity+json; charset=utf-8'
/** Its name, in `acct:tubewire@host` too. */
export const ACTOR_NAME = 'tubewire'

/** The actor's id, which is its address. @param publicUrl an origin, without a slash at the end. */
export function actorUrl(publicUrl: string): string {
  return `${publicUrl}/actor`
}

/**
 * The actor (ActivityStreams, Application), with the key that verifies what it signs (in the words of w3id.org/security/v1).
 * @param publicKeyPem SubjectPublicKeyInfo.
 * @param contact the mail address of whoever runs this Tubewire, or null.
 */
export function actorDocument(publicUrl: string, publicKeyPem: string, contact: string | null = null) {
  const id = actorUrl(publicUrl)
  return {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    type: 'Application',
    id,
    preferredUsername: ACTOR_NAME,
    name: 'Tubewire',
    summary: summary(contact ?? publicUrl),
    url: publicUrl,
    // An actor must have both (ActivityPub, 4.1).
    inbox: `${id}/inbox`,
    outbox: `${id}/outbox`,
    publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem },
  }
}

/**
 * The outbox (ActivityPub, 5.1) or the inbox (5.2): nothing is ever published, and nothing taken. A POST to either is a 405, as
 * of servers that don't federate.
 */
export function boxDocument(publicUrl: string, box: 'outbox' | 'inbox') {
  return {
    '@context': 'https://www.w3.org/ns/activitystreams',
    id: `${actorUrl(publicUrl)}/${box}`,
    type: 'OrderedCollection',
    totalItems: 0,
    orderedItems: [],
  }
}

/** HTML, as summaries are (ActivityStreams): so it must hold no sign that means something there. */
function summary(contact: string): string {
  const sentences = [
    'Tubewire tells other software what is new on PeerTube instances.',
    'To know, it reads their public lists, at half of their rate limit at most, and obeys Retry-After.',
    'It follows nobody and publishes nothing.',
    'To be left alone, refuse the requests whose User-Agent names this address: it then asks more and more seldom,',
    `down to once a day. Or write to whoever runs it: ${contact}`,
  ]
  return `<p>${sentences.join(' ').replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>`
}
