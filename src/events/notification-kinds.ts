/** @module What PeerTube's notifications are about: the number of each type, what we call it, and what happened. */

/** What a notification of a type says. `payload`: the field that tells what it is about, unless that is gone since. */
export type NotificationKind = { type: number; kind: string; payload: string; description: string }

/** The kind of a notification whose type is not in the list. */
export const UNKNOWN_KIND = 'unknown'

/** The types of PeerTube 5.1 to 8.x: its own numbers, and its own words in camel case. A new one is a line here. */
export const NOTIFICATION_KINDS: readonly NotificationKind[] = (
  [
    [1, 'newVideoFromSubscription', 'video', 'A channel that the user follows published a video.'],
    [2, 'newCommentOnMyVideo', 'comment', "Somebody commented on one of the user's videos."],
    [3, 'newAbuseForModerators', 'abuse', 'Something was reported to the moderators.'],
    [4, 'myVideoBlocked', 'videoBlacklist', "A moderator blocked one of the user's videos."],
    [5, 'myVideoUnblocked', 'video', "One of the user's videos is no longer blocked."],
    [
      6,
      'myVideoPublished',
      'video',
      "One of the user's videos is public now: transcoded, approved, or at its time.",
    ],
    [7, 'myVideoImportSuccess', 'videoImport', 'A video that the user imports is there.'],
    [8, 'myVideoImportError', 'videoImport', 'A video that the user imports could not be had.'],
    [9, 'newUserRegistration', 'account', 'Somebody has an account of the instance now. To moderators.'],
    [10, 'newFollow', 'actorFollow', "Somebody follows the user's account or one of his channels."],
    [11, 'commentMention', 'comment', 'A comment mentions the user.'],
    [
      12,
      'videoAutoBlockedForModerators',
      'videoBlacklist',
      'A new video waits for a moderator to approve it.',
    ],
    [13, 'newInstanceFollower', 'actorFollow', 'Another instance follows this one. To administrators.'],
    [
      14,
      'autoInstanceFollowing',
      'actorFollow',
      'The instance follows another by itself. To administrators.',
    ],
    [15, 'abuseStateChange', 'abuse', 'A report of the user was accepted or rejected.'],
    [16, 'abuseNewMessage', 'abuse', 'There is a new message about a report.'],
    [17, 'newPluginVersion', 'plugin', 'A plugin or theme has a new version. To administrators.'],
    [18, 'newPeerTubeVersion', 'peertube', 'PeerTube has a new version. To administrators.'],
    [19, 'myVideoStudioEditionFinished', 'video', "The studio finished editing one of the user's videos."],
    [20, 'newUserRegistrationRequest', 'registration', 'Somebody asks for an account. To moderators.'],
    [21, 'newLiveFromSubscription', 'video', 'A channel that the user follows is live.'],
    [22, 'myVideoTranscriptionGenerated', 'videoCaption', "One of the user's videos has generated captions."],
    [
      23,
      'invitedToCollaborateToChannel',
      'videoChannelCollaborator',
      'The user is asked to work on a channel.',
    ],
    [
      24,
      'acceptedToCollaborateToChannel',
      'videoChannelCollaborator',
      'Somebody accepted to work on a channel.',
    ],
    [
      25,
      'refusedToCollaborateToChannel',
      'videoChannelCollaborator',
      'Somebody refused to work on a channel.',
    ],
    [26, 'videoOwnershipChangedRequest', 'changeOwnership', 'The user is offered a video.'],
    [27, 'videoOwnershipChangedAccepted', 'changeOwnership', 'Somebody took a video that the user offered.'],
    [
      28,
      'videoOwnershipChangedRejected',
      'changeOwnership',
      'Somebody refused a video that the user offered.',
    ],
    [29, 'channelOwnershipChangedRequest', 'changeOwnership', 'The user is offered a channel.'],
    [
      30,
      'channelOwnershipChangedAccepted',
      'changeOwnership',
      'Somebody took a channel that the user offered.',
    ],
    [31, 'channelOwnershipChangedRejected', 'changeOwnership', 'Somebody refused a channel of the user.'],
  ] as const
).map(([type, kind, payload, description]) => ({ type, kind, payload, description }))

const BY_TYPE = new Map(NOTIFICATION_KINDS.map(({ type, kind }) => [type, kind]))

/** What we call a notification of PeerTube's type. */
export function notificationKind(type: number): string {
  return BY_TYPE.get(type) ?? UNKNOWN_KIND
}
