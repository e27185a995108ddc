/** @module WebFinger (RFC 7033): from `acct:tubewire@host`, or the actor's address, to the actor. */
import { ACTOR_NAME, actorUrl } from './actor.ts'

/** RFC 7033, 10.2. */
export const JRD_TYPE = 'application/jrd+json; charset=utf-8'

/** JSON Resource Descriptor (RFC 7033, 4.4), of what we need of it. */
type Jrd = {
  subject: string
  aliases: string[]
  links: { rel: string; type: string; href: string }[]
}

export type WebfingerAnswer =
  | { kind: 'found'; document: Jrd }
  /** 404: a good question, about somebody else (RFC 7033, 4.2). */
  | { kind: 'unknown' }
  /** 400: `resource` is missing or malformed (RFC 7033, 4.2). */
  | { kind: 'malformed'; problem: string }

/**
 * Answers a query.
 * @param publicUrl an origin, without a slash at the end.
 * @param resource the query's parameter, decoded once.
 * @param rels its `rel` parameters: of the links only these are given. None means all (RFC 7033, 4.3).
 * @example webfinger('https://tubewire.example', 'acct:tubewire@tubewire.example')
 */
export function webfinger(
  publicUrl: string,
  resource: string | undefined,
  rels: readonly string[] = [],
): WebfingerAnswer {
  if (!resource) return { kind: 'malformed', problem: 'is missing' }
  // A URI begins with a scheme (RFC 3986, 3.1), and has no spaces.
  const scheme = /^([a-z][a-z0-9+.-]*):[^\s]/i.exec(resource)?.[1]?.toLowerCase()
  if (!scheme || /\s/.test(resource)) {
    return {
      kind: 'malformed',
      problem: `must be a URI, such as acct:${ACTOR_NAME}@${new URL(publicUrl).host}`,
    }
  }
  if (scheme === 'acct') {
    const account = parseAccount(resource, publicUrl)
    if (!account) return { kind: 'malformed', problem: 'must be acct:NAME@HOST' }
    const isOurs = account.name === ACTOR_NAME && account.host === new URL(publicUrl).host
    return isOurs ? found(publicUrl, rels) : { kind: 'unknown' }
  }
  const isActor = URL.parse(resource)?.href === new URL(actorUrl(publicUrl)).href
  return isActor ? found(publicUrl, rels) : { kind: 'unknown' }
}

/** Name and host of an `acct` URI (RFC 7565), both as they are compared; null when it is none. */
function parseAccount(resource: string, publicUrl: string): { name: string; host: string } | null {
  const [, encoded, authority] = /^acct:([^@]+)@([^@/?#\\]+)$/i.exec(resource) ?? []
  const host = authority && URL.parse(`${new URL(publicUrl).protocol}//${authority}`)?.host
  if (!encoded || !host) return null
  try {
    return { name: decodeURIComponent(encoded).toLowerCase(), host }
  } catch {
    return null
  }
}

function found(publicUrl: string, rels: readonly string[]): WebfingerAnswer {
  const actor = actorUrl(publicUrl)
  const links = [{ rel: 'self', type: 'application/activity+json', href: actor }]
  return {
    kind: 'found',
    document: {
      subject: `acct:${ACTOR_NAME}@${new URL(publicUrl).host}`,
      aliases: [actor],
      links: links.filter(({ rel }) => rels.length === 0 || rels.includes(rel)),
    },
  }
}
