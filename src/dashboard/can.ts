/** @module What a role may do, as far as pages show it. The API decides; a test compares this with its table of rights. */

export type Role = 'Administrator' | 'Moderator' | 'User'

const STAFF: readonly Role[] = ['Administrator', 'Moderator']
const ADMINISTRATORS: readonly Role[] = ['Administrator']

/** By what is done, the operation that does it, and who may; `reach`: to what is others'. What everybody may is not here. */
export const ABILITIES = {
  addInstance: { operation: 'addInstance', roles: ADMINISTRATORS },
  removeInstance: { operation: 'delInstance', roles: ADMINISTRATORS },
  pauseInstance: { operation: 'patchInstance', roles: STAFF },
  pollInstance: { operation: 'pollInstance', roles: STAFF },
  seeInstanceLimits: { operation: 'getInstanceLimits', roles: STAFF },
  changeSources: { operation: 'patchSource', roles: ADMINISTRATORS },
  seeConnectionsOfOthers: { operation: 'getConnections', roles: ADMINISTRATORS, reach: 'all' },
  seeEndpointsOfOthers: { operation: 'getEndpoints', roles: STAFF, reach: 'all' },
  resumeEndpointsOfOthers: { operation: 'resumeEndpoint', roles: STAFF, reach: 'all' },
  // In the place of its owner.
  verifyEndpointsOfOthers: { operation: 'verifyEndpoint', roles: ADMINISTRATORS, reach: 'all' },
  seeUsers: { operation: 'getUsers', roles: STAFF },
  blockUsers: { operation: 'blockUser', roles: STAFF },
  acceptUsers: { operation: 'acceptUser', roles: STAFF },
  addUsers: { operation: 'addUser', roles: ADMINISTRATORS },
  changeUsers: { operation: 'putUser', roles: ADMINISTRATORS },
  deleteUsers: { operation: 'delUser', roles: ADMINISTRATORS },
  seeOthersKeys: { operation: 'getApiKeys', roles: ADMINISTRATORS, reach: 'all' },
  seeAuditLog: { operation: 'getAuditLog', roles: ADMINISTRATORS },
  seeFeedsOfOthers: { operation: 'getFeeds', roles: STAFF, reach: 'all' },
  removeFeedsOfOthers: { operation: 'delFeed', roles: STAFF, reach: 'all' },
  seeMails: { operation: 'getMails', roles: ADMINISTRATORS },
} as const

export type Ability = keyof typeof ABILITIES

/** Whether a role may. */
export function can(role: Role, ability: Ability): boolean {
  return ABILITIES[ability].roles.includes(role)
}
