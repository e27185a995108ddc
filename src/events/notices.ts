/** @module Notifications in a few words: by their kind where that is easy, by what the catalogue says of it otherwise. */
import { NOTIFICATION_KINDS } from './notification-kinds.ts'
import { at, textAt } from './read.ts'
import type { Told } from './story.ts'

const SENTENCES: Record<string, string> = {
  newVideoFromSubscription: 'new video in the subscriptions',
  newLiveFromSubscription: 'live now in the subscriptions',
  newCommentOnMyVideo: 'new comment on your video',
  commentMention: 'you are mentioned in a comment',
  newFollow: 'new follower',
  myVideoPublished: 'your video is public',
  myVideoBlocked: 'your video was blocked',
  myVideoUnblocked: 'your video is no longer blocked',
  myVideoImportSuccess: 'your video was imported',
  myVideoImportError: 'your video could not be imported',
  myVideoStudioEditionFinished: 'your video is edited',
  myVideoTranscriptionGenerated: 'your video has captions',
  newUserRegistration: 'somebody has an account now',
  newUserRegistrationRequest: 'somebody asks for an account',
  newAbuseForModerators: 'something was reported',
  abuseStateChange: 'your report was accepted or rejected',
  abuseNewMessage: 'new message about a report',
  videoAutoBlockedForModerators: 'a new video waits for approval',
  newInstanceFollower: 'another instance follows this one',
  autoInstanceFollowing: 'this instance follows another one',
  newPluginVersion: 'new version of a plugin',
  newPeerTubeVersion: 'new version of PeerTube',
}

const DESCRIPTIONS = new Map(NOTIFICATION_KINDS.map(({ kind, description }) => [kind, description]))

/** Where a notification may have a video, and who it may be about, by PeerTube's names: the first one counts. */
const VIDEOS = [
  ['video'],
  ['comment', 'video'],
  ['videoBlacklist', 'video'],
  ['videoImport', 'video'],
  ['videoCaption', 'video'],
  ['abuse', 'video'],
  ['changeOwnership', 'video'],
]
const PEOPLE = [
  ['comment', 'account', 'displayName'],
  ['video', 'channel', 'displayName'],
  ['actorFollow', 'follower', 'displayName'],
  ['account', 'displayName'],
  ['registration', 'username'],
]

/** @param what begins the headline, before whose it is. */
export function tellNotification(data: unknown, what: string): Told {
  const notification = at(data, 'notification')
  const kind = textAt(notification, 'kind')
  const sentence =
    SENTENCES[kind] ?? DESCRIPTIONS.get(kind)?.replace(/\.$/, '') ?? 'of a kind that is not known here'
  const first = (paths: string[][]) =>
    paths.map((path) => textAt(notification, ...path)).find((text) => text !== '')
  const title = first(VIDEOS.map((path) => [...path, 'name']))
  const url = first([['comment', 'url'], ...VIDEOS.map((path) => [...path, 'url'])])
  return {
    tone: 'notice',
    headline: `${what} for ${textAt(data, 'connection', 'username')}: ${sentence}`,
    title:
      title ??
      first([
        ['plugin', 'name'],
        ['peertube', 'latestVersion'],
      ]) ??
      '',
    author: first(PEOPLE) ?? '',
    url: url ?? null,
    isPrivate: true,
  }
}
