/** @module The id of an entry for ever: a `tag:` URI (RFC 4151). */

/** Of an instance without any character that an authority may have, of which there should be none. */
const NOBODY = 'unknown.invalid'

/**
 * The id of what an event was the first one about. It is made of the event alone, so it is the same in all formats, in every
 * feed, and whatever address this Tubewire has.
 *
 * RFC 4151: `tag:` authority `,` date `:` specific. The authority is the instance's host: "a fully qualified domain name", "in
 * lowercase". The date is the day on which the event was seen, in UTC.
 */
export function tagUri({ id, instance, seenAt }: { id: string; instance: string; seenAt: number }): string {
  return `tag:${authorityOf(instance)},${new Date(seenAt).toISOString().slice(0, 10)}:${specificOf(id)}`
}

/** Letters, digits, `-` and `.` are all that RFC 4151 (2.1) lets be in it: neither a port nor the brackets of an address. */
function authorityOf(instance: string): string {
  const host = instance.toLowerCase().replace(/:\d*$/, '')
  const labels = host.replace(/[^a-z0-9.-]/g, '-').split('.')
  // A label neither begins nor ends with a hyphen.
  const names = labels.map((label) => label.replace(/^-+|-+$/g, '')).filter((label) => label !== '')
  return names.join('.') || NOBODY
}

/** Ids of ours are letters, digits and `_`; what could not stand in a URI would be percent-encoded. */
function specificOf(id: string): string {
  return encodeURIComponent(id.toWellFormed())
}
