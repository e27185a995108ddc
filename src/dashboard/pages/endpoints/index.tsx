/** @module Endpoints: the list of them, the steps that make one, and each with what is done with it. */
import type { PageProps } from '../../pages.ts'
import { EditPage } from './edit.tsx'
import { EndpointList } from './list.tsx'
import { OnePage } from './one.tsx'
import { SecretPage } from './secret.tsx'
import { SendAgainPage } from './send-again.tsx'
import './style.css'
import { SubscriptionPage } from './subscription-page.tsx'
import { Wizard } from './wizard/index.tsx'

/** `endpoints`, `endpoints/new`, `endpoints/ID`, and `endpoints/ID/PART`. */
export default function EndpointsPage({ path, query }: PageProps) {
  const [id, part, of] = path
  if (id === undefined) return <EndpointList query={query} />
  if (id === 'new') return <Wizard query={query} />
  if (part === 'edit') return <EditPage id={id} />
  if (part === 'secret') return <SecretPage id={id} />
  if (part === 'send-again') return <SendAgainPage id={id} query={query} />
  if (part === 'subscriptions') return <SubscriptionPage endpointId={id} subscriptionId={of ?? 'new'} />
  return <OnePage id={id} />
}
