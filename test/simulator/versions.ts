/** @module In what the versions of PeerTube differ, from 5.1 to 8.x: what came when. */

export type Feature = keyof typeof SINCE

const SINCE = {
  /** Validation errors name the parameter in `path`; before in `param`. */
  errorPath: [6, 0],
  /** Comments can wait for a moderator. */
  heldComments: [6, 2],
  /** An account can list the comments on its own videos. */
  ownComments: [6, 3],
  /** Each video tells how many comments it has. */
  commentCounts: [7, 0],
  /** Videos can be sorted by that number. */
  sortByComments: [8, 0],
  /** Notifications can be filtered by type. */
  notificationTypes: [8, 0],
  /** Each video has a list of thumbnails, besides the path of one. */
  thumbnails: [8, 1],
} as const

/** Whether a version has something. @param version as `5.1.0`. */
export function has(version: string, feature: Feature): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [sinceMajor, sinceMinor] = SINCE[feature]
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor)
}
