/** @module Every operation of the API, in the order of the reference. */
import { accountOperations } from './account.ts'
import { accountPageOperations } from './account-pages.ts'
import { administrationOperations } from './administration.ts'
import { apiKeyOperations } from './api-keys.ts'
import { browserSessionOperations } from './browser-session.ts'
import { connectionSourceOperations } from './connection-sources.ts'
import { connectionOperations } from './connections.ts'
import { consumerReadOperations } from './consumer-reads.ts'
import { consumerOperations } from './consumers.ts'
import { deliveryOperations } from './deliveries.ts'
import { endpointActionOperations } from './endpoint-actions.ts'
import { endpointStatisticsOperations } from './endpoint-statistics.ts'
import { endpointOperations } from './endpoints.ts'
import { eventDeliveryOperations } from './event-deliveries.ts'
import { eventOperations } from './events.ts'
import { federationOperations } from './federation.ts'
import { feedDocumentOperations } from './feed-documents.ts'
import { feedOperations } from './feeds.ts'
import { healthOperations } from './health.ts'
import { instanceLimitOperations } from './instance-limits.ts'
import { instanceOperations } from './instances.ts'
import type { Operation } from './operation.ts'
import { overviewOperations } from './overview.ts'
import { pictureOperations } from './pictures.ts'
import { registerOperations } from './register.ts'
import { replayOperations } from './replays.ts'
import { serviceOperations } from './service.ts'
import { sessionOperations } from './session.ts'
import { signInLinkOperations } from './sign-in-links.ts'
import { sourceOperations } from './sources.ts'
import { streamOperations } from './streams.ts'
import { subscriptionOperations } from './subscriptions.ts'
import { userOperations } from './users.ts'
import { webhookKeyOperations } from './webhook-keys.ts'
import { webSubOperations } from './websub.ts'

export const OPERATIONS: readonly Operation[] = [
  ...healthOperations,
  ...serviceOperations(() => OPERATIONS),
  ...overviewOperations,
  ...sessionOperations,
  ...browserSessionOperations,
  ...signInLinkOperations,
  ...registerOperations,
  ...accountPageOperations,
  ...accountOperations,
  ...userOperations,
  ...apiKeyOperations,
  ...instanceOperations,
  ...instanceLimitOperations,
  ...sourceOperations,
  ...connectionOperations,
  ...connectionSourceOperations,
  ...endpointOperations,
  ...endpointActionOperations,
  ...endpointStatisticsOperations,
  ...webhookKeyOperations,
  ...subscriptionOperations,
  ...feedOperations,
  ...feedDocumentOperations,
  ...webSubOperations,
  ...eventOperations,
  ...streamOperations,
  ...deliveryOperations,
  ...eventDeliveryOperations,
  ...replayOperations,
  ...consumerOperations,
  ...consumerReadOperations,
  ...administrationOperations,
  ...pictureOperations,
  ...federationOperations,
]
