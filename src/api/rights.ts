/**
 * @module Who may do what: the one table, role by operation by ownership. docs/roles.md is made of it, the router obeys it,
 * and a test walks every route with every kind of caller.
 */

/** The roles of PeerTube, by their number. */
export const ROLES = ['Administrator', 'Moderator', 'User'] as const
export type Role = (typeof ROLES)[number]

/**
 * How far a role reaches in an operation: not at all; to what is public here; to its own (and what is public); to
 * everybody's, without secrets and private payloads.
 */
export type Reach = 'none' | 'public' | 'own' | 'all'

/** What an API key may be allowed, and what that means. */
export const SCOPES = {
  'events:read': 'read the event log, follow it, and download it',
  'deliveries:read': 'see what was delivered, and how replays go on',
  'instances:read': 'see which instances are watched',
  'instances:write':
    'add, pause, poll and remove instances, and what of them is read, as far as the role allows',
  'endpoints:read': 'see endpoints and their subscriptions',
  'endpoints:write': 'make, change and remove endpoints and their subscriptions, and send to them again',
  'connections:read': 'see connections',
  'connections:write': 'connect and disconnect accounts on instances, and say how often they are read',
  'feeds:read': 'see feeds, the addresses of private ones among them',
  'feeds:write': 'make, change and remove feeds',
  'consumers:write': 'make consumers, read events with them, and move them',
} as const
export type Scope = keyof typeof SCOPES

export type Right = Readonly<Record<Role | 'anonymous', Reach>> & {
  /** What a key needs. `session`: keys may not. `operator`: the operator's key alone may. `any`: nobody is asked who he is. */
  readonly scope: Scope | 'session' | 'operator' | 'any'
}

const everybody: Right = {
  anonymous: 'public',
  User: 'public',
  Moderator: 'public',
  Administrator: 'public',
  scope: 'any',
}
const right = (User: Reach, Moderator: Reach, Administrator: Reach, scope: Right['scope']): Right => ({
  anonymous: 'none',
  User,
  Moderator,
  Administrator,
  scope,
})

/** Each operation of the API, in the order of the reference. */
export const RIGHTS = {
  getHealth: everybody,
  getConfig: everybody,
  getOpenApi: everybody,
  getReference: everybody,
  getOverview: right('own', 'own', 'own', 'session'),

  getOAuthClient: everybody,
  getOAuthToken: everybody,
  revokeOAuthToken: right('own', 'own', 'own', 'session'),

  addSession: everybody,
  getSession: everybody,
  delSession: right('own', 'own', 'own', 'session'),
  addSignInLink: right('none', 'none', 'own', 'operator'),

  registerUser: everybody,
  resendEmailToVerifyUser: everybody,
  verifyUser: everybody,
  askResetPassword: everybody,
  resetPassword: everybody,
  getVerifyEmailPage: everybody,
  postVerifyEmailPage: everybody,
  getResetPasswordPage: everybody,
  postResetPasswordPage: everybody,

  getUserInfo: right('own', 'own', 'own', 'session'),
  putUserInfo: right('own', 'own', 'own', 'session'),
  deleteUserInfo: right('own', 'own', 'own', 'session'),

  getUsers: right('none', 'all', 'all', 'session'),
  addUser: right('none', 'none', 'all', 'session'),
  getUser: right('own', 'all', 'all', 'session'),
  putUser: right('none', 'none', 'all', 'session'),
  delUser: right('none', 'none', 'all', 'session'),
  blockUser: right('none', 'all', 'all', 'session'),
  unblockUser: right('none', 'all', 'all', 'session'),
  acceptUser: right('none', 'all', 'all', 'session'),

  getApiKeys: right('own', 'own', 'all', 'session'),
  addApiKey: right('own', 'own', 'own', 'session'),
  getApiKey: right('own', 'own', 'all', 'session'),
  patchApiKey: right('own', 'own', 'own', 'session'),
  delApiKey: right('own', 'own', 'all', 'session'),

  getInstances: right('public', 'all', 'all', 'instances:read'),
  addInstance: right('none', 'none', 'all', 'instances:write'),
  getInstance: right('public', 'all', 'all', 'instances:read'),
  patchInstance: right('none', 'all', 'all', 'instances:write'),
  pollInstance: right('none', 'all', 'all', 'instances:write'),
  delInstance: right('none', 'none', 'all', 'instances:write'),
  getInstanceLimits: right('none', 'all', 'all', 'instances:read'),
  addSource: right('none', 'none', 'all', 'instances:write'),
  getSource: right('none', 'all', 'all', 'instances:read'),
  patchSource: right('none', 'none', 'all', 'instances:write'),
  delSource: right('none', 'none', 'all', 'instances:write'),

  getConnections: right('own', 'own', 'all', 'connections:read'),
  addConnection: right('own', 'own', 'own', 'connections:write'),
  getConnection: right('own', 'own', 'all', 'connections:read'),
  delConnection: right('own', 'own', 'all', 'connections:write'),
  getConnectionSource: right('own', 'own', 'all', 'connections:read'),
  patchConnectionSource: right('own', 'own', 'all', 'connections:write'),

  getEndpoints: right('own', 'all', 'all', 'endpoints:read'),
  addEndpoint: right('own', 'own', 'own', 'endpoints:write'),
  getEndpoint: right('own', 'all', 'all', 'endpoints:read'),
  patchEndpoint: right('own', 'all', 'all', 'endpoints:write'),
  delEndpoint: right('own', 'own', 'all', 'endpoints:write'),
  verifyEndpoint: right('own', 'own', 'all', 'endpoints:write'),
  resumeEndpoint: right('own', 'all', 'all', 'endpoints:write'),
  rotateEndpointSecret: right('own', 'own', 'own', 'endpoints:write'),
  testEndpoint: right('own', 'own', 'own', 'endpoints:write'),
  getEndpointStatistics: right('own', 'all', 'all', 'deliveries:read'),
  getDelivery: right('own', 'all', 'all', 'deliveries:read'),
  resendDelivery: right('own', 'own', 'own', 'endpoints:write'),
  getReplays: right('own', 'all', 'all', 'deliveries:read'),
  addReplay: right('own', 'own', 'own', 'endpoints:write'),
  getReplay: right('own', 'all', 'all', 'deliveries:read'),
  delReplay: right('own', 'own', 'own', 'endpoints:write'),
  recoverEndpoint: right('own', 'own', 'own', 'endpoints:write'),
  getWebhookKeys: everybody,

  getSubscriptions: right('own', 'all', 'all', 'endpoints:read'),
  addSubscription: right('own', 'own', 'own', 'endpoints:write'),
  previewSubscription: right('own', 'own', 'own', 'events:read'),
  getSubscription: right('own', 'all', 'all', 'endpoints:read'),
  patchSubscription: right('own', 'own', 'own', 'endpoints:write'),
  delSubscription: right('own', 'own', 'all', 'endpoints:write'),

  getFeeds: right('own', 'all', 'all', 'feeds:read'),
  addFeed: right('own', 'own', 'own', 'feeds:write'),
  getFeed: right('own', 'all', 'all', 'feeds:read'),
  patchFeed: right('own', 'own', 'own', 'feeds:write'),
  delFeed: right('own', 'all', 'all', 'feeds:write'),
  rotateFeedSecret: right('own', 'own', 'own', 'feeds:write'),
  revokeFeedSecret: right('own', 'all', 'all', 'feeds:write'),
  getFeedsOpml: right('own', 'own', 'own', 'feeds:read'),
  getEventsFeedJson: everybody,
  getEventsFeedAtom: everybody,
  getEventsFeedRss: everybody,
  getEventsFeedText: everybody,
  getFeedDocument: everybody,
  askHub: everybody,

  getEvents: right('own', 'own', 'own', 'events:read'),
  getEvent: right('own', 'own', 'own', 'events:read'),
  getDeliveries: right('own', 'all', 'all', 'deliveries:read'),
  getEventDeliveries: right('own', 'own', 'own', 'deliveries:read'),
  getStream: right('own', 'own', 'own', 'events:read'),
  addStreamTicket: right('own', 'own', 'own', 'events:read'),
  downloadEventsNdjson: right('own', 'own', 'own', 'events:read'),
  downloadEventsCsv: right('own', 'own', 'own', 'events:read'),

  getConsumers: right('own', 'all', 'all', 'events:read'),
  addConsumer: right('own', 'own', 'own', 'consumers:write'),
  getConsumer: right('own', 'own', 'own', 'events:read'),
  patchConsumer: right('own', 'own', 'own', 'consumers:write'),
  delConsumer: right('own', 'own', 'own', 'consumers:write'),
  getConsumerEvents: right('own', 'own', 'own', 'consumers:write'),
  ackConsumer: right('own', 'own', 'own', 'consumers:write'),
  seekConsumer: right('own', 'own', 'own', 'consumers:write'),

  getMails: right('none', 'none', 'all', 'session'),
  getAuditLog: right('none', 'none', 'all', 'session'),

  getThumbnail: everybody,
  getAvatar: everybody,
  getWebfinger: everybody,
  getNodeInfoLinks: everybody,
  getNodeInfo: everybody,
  getActor: everybody,
  getActorOutbox: everybody,
  getActorInbox: everybody,
} as const satisfies Record<string, Right>

export type OperationId = keyof typeof RIGHTS
