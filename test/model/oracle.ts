/**
 * @module Holds what was told against what happened. An event must be true: something that happened, in the order in which it
 * happened. And what all events about a subject say together must be how it is in the end. Of what happens between two looks
 * only the net effect can be told.
 */
import type { EventData, EventType } from '../../src/events/types.ts'
import type { CommentHistory, History } from './history.ts'
import { isListed } from './history.ts'
import { hasLeftFeed, isBelowFirstPage, isFromBefore, isInSight } from './limits.ts'
import { judgeVideo } from './oracle-videos.ts'

/** An event as it was stored. */
export type Told = {
  [TType in EventType]: {
    type: TType
    subject: string
    ownerId: string | null
    seenAt: number
    data: EventData[TType]
  }
}[EventType]

export type Finding = { kind: 'missed' | 'invented'; subject: string; text: string }

/** How the watch was begun. */
export type Watch = {
  /** By our clock: what was there then was there before us. */
  since: number
  /** So many of the newest videos were to be told all the same. */
  backfill: number
  /** Who is connected: null when nobody is. */
  connection: { id: string; ownerId: string; isModerator: boolean } | null
}

/** All that is wrong with what was told. @param events in their order. */
export function judge(history: History, events: readonly Told[], watch: Watch): Finding[] {
  const findings: Finding[] = []
  const bySubject = Map.groupBy(events, ({ type, subject }) => `${subjectKind(type)} ${subject}`)
  const of = (kind: string, subject: string | number) => bySubject.get(`${kind} ${subject}`) ?? []

  for (const told of bySubject.values()) {
    // What is told of a subject is told in the order of time.
    const early = told.find(({ seenAt }, index) => seenAt < (told[index - 1]?.seenAt ?? 0))
    if (early) findings.push({ kind: 'invented', subject: early.subject, text: 'told out of order' })
  }
  for (const { type, subject } of events) {
    const isReal =
      subjectKind(type) === 'video'
        ? history.videos.has(subject)
        : subjectKind(type) === 'comment'
          ? history.comments.has(Number(subject))
          : subjectKind(type) === 'notification'
            ? history.notifications.has(Number(subject))
            : type !== 'connection.expired'
    if (!isReal) findings.push({ kind: 'invented', subject, text: `${type}: there is no such thing` })
  }

  const backfilled = backfilledVideos(history, watch)
  for (const [uuid, moments] of history.videos) {
    findings.push(...judgeVideo(uuid, moments, of('video', uuid), watch, backfilled.has(uuid)))
  }
  for (const [id, comment] of history.comments) {
    findings.push(...judgeComment(id, comment, of('comment', id), history, watch))
  }
  for (const [id] of history.notifications) {
    findings.push(...judgeNotification(id, history, of('notification', id), watch))
  }
  findings.push(...judgeInstance(history, events))
  return findings
}

function subjectKind(type: EventType): string {
  const [kind = ''] = type.split('.')
  return kind === 'live' ? 'video' : kind
}

/** The newest that everybody saw when the watch began. */
function backfilledVideos(history: History, { since, backfill }: Watch): Set<string> {
  const before = [...history.videos].flatMap(([uuid, moments]) => {
    const then = moments.findLast(({ at }) => at <= since)
    return then && isListed(then) ? { uuid, publishedAt: then.publishedAt } : []
  })
  before.sort((a, b) => (a.publishedAt < b.publishedAt ? 1 : -1))
  return new Set(before.slice(0, backfill).map(({ uuid }) => uuid))
}

/** The public view of a comment, and the view of whoever is connected. */
function judgeComment(
  id: number,
  comment: CommentHistory,
  told: readonly Told[],
  history: History,
  watch: Watch,
): Finding[] {
  const findings: Finding[] = []
  const find = (kind: Finding['kind'], text: string) => findings.push({ kind, subject: String(id), text })
  const video = history.videos.get(comment.video) ?? []
  const { moments } = comment
  const existedBefore = isFromBefore(history, comment, watch.since)
  const inSight = isInSight(video, moments[0]?.at ?? 0)

  let view: { text: string; isThere: boolean } | null = existedBefore ? { text: '', isThere: true } : null
  // Of what was there before us the text was perhaps not read.
  let isTextKnown = !existedBefore
  let cursor = 0
  for (const event of told.filter(({ ownerId }) => ownerId === null)) {
    const at = event.seenAt
    if (event.type === 'comment.created') {
      if (view && (!existedBefore || isTextKnown)) find('invented', 'comment.created, and it was known')
      if (existedBefore && !moments.some(({ isHeld, at: since }) => isHeld && since <= at))
        find('invented', 'comment.created of one that was there before us')
      const { text } = event.data.comment
      const next = from(moments, cursor, at, (one) => !one.isDeleted && !one.isHeld && one.text === text)
      if (next < 0) find('invented', `comment.created with a text that it never had then: ${text}`)
      if (!video.some((one) => one.privacy === 'public' && one.at <= at))
        find('invented', 'comment.created to everybody, of a video that nobody could see')
      cursor = Math.max(cursor, next)
      view = { text, isThere: true }
      isTextKnown = true
    } else if (event.type === 'comment.updated') {
      const { text } = event.data.changes
      if (!view?.isThere) find('invented', 'comment.updated of one that is not known')
      else if (isTextKnown && inSight && view.text !== text.from)
        find('invented', `comment.updated from ${text.from}, told was ${view.text}`)
      const next = from(moments, cursor, at, (one) => !one.isDeleted && one.text === text.to)
      if (next < 0) find('invented', `comment.updated to a text that it never had then: ${text.to}`)
      cursor = Math.max(cursor, next)
      view = { text: text.to, isThere: true }
      isTextKnown = true
    } else if (event.type === 'comment.deleted') {
      if (!view?.isThere) find('invented', 'comment.deleted of one that is not known')
      const isGone = video.some((one) => one.privacy === 'gone' && one.at <= at)
      if (!isGone && !moments.some(({ isDeleted, at: since }) => isDeleted && since <= at))
        find('invented', 'comment.deleted of one that is there')
      view = { text: '', isThere: false }
    }
  }

  const now = moments.at(-1)
  if (!now || !inSight) return findings
  if (now.isDeleted) {
    if (view?.isThere && !existedBefore) find('missed', 'comment.deleted')
  } else if (!now.isHeld && !existedBefore) {
    if (!view) {
      if (watch.connection?.isModerator || !hasLeftFeed(history, comment)) find('missed', 'comment.created')
    } else if (!view.isThere) find('invented', 'comment.deleted of one that is there')
    else if (view.text !== now.text && !(watch.connection?.isModerator && isBelowFirstPage(history, comment)))
      find('missed', `comment.updated to ${now.text}, told was ${view.text}`)
  } else if (now.isHeld && view && !existedBefore) find('invented', 'told to everybody while it is held')
  return findings
}

/** @returns the index of the first moment from `cursor` on, begun by then, of which that is true; -1: none. */
function from<TMoment extends { at: number }>(
  moments: readonly TMoment[],
  cursor: number,
  until: number,
  isSo: (moment: TMoment) => boolean,
): number {
  return moments.findIndex((one, index) => index >= cursor && one.at <= until && isSo(one))
}

function judgeNotification(
  id: number,
  history: History,
  told: readonly Told[],
  { since, connection }: Watch,
): Finding[] {
  const findings: Finding[] = []
  const find = (kind: Finding['kind'], text: string) =>
    findings.push({ kind, subject: `notification ${id}`, text })
  const moments = history.notifications.get(id) ?? []
  const existedBefore = (moments[0]?.at ?? 0) <= since
  const readAt = moments.find(({ read }) => read)?.at ?? Number.POSITIVE_INFINITY
  let view: { read: boolean } | null = existedBefore ? { read: readAt <= since } : null
  for (const { type, ownerId, seenAt, data } of told) {
    if (ownerId !== connection?.ownerId) find('invented', `${type}: told to somebody else`)
    if (type === 'notification.created' || type === 'notification.unknown') {
      if (view) find('invented', `${type}, and it was known`)
      view = { read: data.notification.read }
      if (view.read && readAt > seenAt) find('invented', `${type} as read, and it was not`)
    }
    if (type === 'notification.read') {
      if (!view || view.read) find('invented', 'notification.read of one that was read')
      if (readAt > seenAt) find('invented', 'notification.read, and it was not')
      view = { read: true }
    }
  }
  const now = moments.at(-1)
  // One that was deleted may never have been seen.
  if (!now || now.isGone) return findings
  if (!view) find('missed', 'notification.created')
  else if (now.read && !view.read) find('missed', 'notification.read')
  return findings
}

function judgeInstance({ versions, troubles }: History, events: readonly Told[]): Finding[] {
  const findings: Finding[] = []
  const find = (kind: Finding['kind'], text: string) => findings.push({ kind, subject: 'instance', text })
  let isUnreachable = false
  let version = versions[0]?.version
  let cursor = 0
  for (const event of events) {
    if (event.type === 'instance.unreachable') {
      if (isUnreachable) find('invented', 'instance.unreachable twice')
      if (!troubles.some(({ isTroubled, at }) => isTroubled && at <= event.seenAt))
        find('invented', 'instance.unreachable, and it was never in trouble')
      isUnreachable = true
    }
    if (event.type === 'instance.recovered') {
      if (!isUnreachable) find('invented', 'instance.recovered, and it was never told to be unreachable')
      isUnreachable = false
    }
    if (event.type === 'instance.upgraded') {
      const { from: before, to } = event.data
      if (before !== version) find('invented', `instance.upgraded from ${before}, told was ${version}`)
      const next = from(versions, cursor, event.seenAt, (one) => one.version === to)
      if (next < 0) find('invented', `instance.upgraded to ${to}`)
      cursor = Math.max(cursor, next)
      version = to
    }
  }
  if (isUnreachable) find('missed', 'instance.recovered')
  if (version !== versions.at(-1)?.version) find('missed', `instance.upgraded to ${versions.at(-1)?.version}`)
  return findings
}
