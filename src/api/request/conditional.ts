/** @module Conditional requests: entity tags, `If-None-Match` on reads, `If-Match` on changes (RFC 9110, 8.8.3 and 13). */
import { Buffer } from 'node:buffer'
import { notFound, Problem } from '../problem.ts'

/** The strong entity tag of a body: the same bytes, the same tag. */
export async function entityTag(body: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body))
  return `"${Buffer.from(digest).subarray(0, 16).toString('base64url')}"`
}

/** Whether `If-None-Match` names this tag, by weak comparison: then a read is answered 304. */
export function isNotModified(request: Request, tag: string): boolean {
  const header = request.headers.get('if-none-match')
  return header !== null && (header.trim() === '*' || tagsOf(header).includes(tag))
}

/**
 * Obeys `If-Match` of a change.
 * @param current what a GET would answer now.
 * @throws Problem 412 when the caller has seen another state. Weak tags never match (RFC 9110, 13.1.1).
 */
export async function checkIfMatch(request: Request, current: unknown): Promise<void> {
  const header = request.headers.get('if-match')
  if (header === null || header.trim() === '*') return
  const tag = await entityTag(JSON.stringify(current))
  if (!strongTagsOf(header).includes(tag)) throw changedMeanwhile(request)
}

/** The revision that a change must meet: what was read, when the caller named a state; whatever it is, when he didn't. */
export function revisionFor(request: Request, { revision }: { revision: number }): number | null {
  const header = request.headers.get('if-match')
  return header === null || header.trim() === '*' ? null : revision
}

/** Whether changes (what is undefined stays) change anything: what doesn't leaves a thing at its revision, and its tag. */
export function changesAnything<TRow extends object>(
  row: TRow,
  changes: { [Name in keyof TRow]?: TRow[Name] | undefined },
): boolean {
  return Object.entries(changes).some(
    ([name, value]) =>
      value !== undefined && JSON.stringify(value) !== JSON.stringify(Reflect.get(row, name)),
  )
}

/** What was to be removed is gone, or is no longer what the caller saw. */
export function notRemoved(request: Request, what: string): Problem {
  return revisionFor(request, { revision: 0 }) === null ? notFound(what) : changedMeanwhile(request)
}

/** It is not what the caller saw (412), or not what we read a moment ago (409, of whom named no state). */
export function changedMeanwhile(request: Request): Problem {
  const status = revisionFor(request, { revision: 0 }) === null ? 409 : 412
  return new Problem(status, 'It was changed meanwhile: read it again, and then change it')
}

const TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g

function tagsOf(header: string): string[] {
  return [...header.matchAll(TAG)].map(([, , tag = '']) => tag)
}

function strongTagsOf(header: string): string[] {
  return [...header.matchAll(TAG)].flatMap(([, weak, tag = '']) => (weak === undefined ? [tag] : []))
}
