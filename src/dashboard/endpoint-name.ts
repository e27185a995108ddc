/** @module What an endpoint is called. */

const LONGEST = 120

/** What its owner calls it, or else where it leads: short enough for a title. */
export function endpointName({ description, url }: { description: string; url: string }): string {
  const name = description.trim() || url.replace(/^https?:\/\//, '')
  // By characters, for half of one is none.
  const characters = [...name]
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}…` : name
}
