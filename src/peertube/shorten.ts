/** @module What an instance says, in no more words than a log line or a row should have. */

const MAX_LENGTH = 300

/** The beginning of a text: an instance may send a header or a value of any length, and a message may quote it. */
export function shorten(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1).toWellFormed()}…` : text
}
