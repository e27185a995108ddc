/** @module A number that is typed. */

/**
 * The number. What is none is given as it was typed, so that the API names the field and says what is wrong: NaN would be null in JSON,
 * which a merge patch (RFC 7396) takes for "remove".
 */
export function numberOf(text: string): number {
  const value = Number(text)
  // The type is that of what the API takes; what is no number only goes there to be refused.
  return text.trim() !== '' && Number.isFinite(value) ? value : (text as unknown as number)
}

/** As `numberOf`, of what may be a fraction: with a comma, too. Three figures after it could be thousands: they are refused. */
export function fractionOf(text: string): number {
  return /^\s*-?\d+,\d{1,2}\s*$/.test(text) ? numberOf(text.replace(',', '.')) : numberOf(text)
}
