/** @module Deliveries: of which endpoint, what became of them, and one of them from its first attempt to its last. */
import type { PageProps } from '../../pages.ts'
import { ChooseEndpoint } from './choose-endpoint.tsx'
import { DeliveryList } from './list.tsx'
import { OneDelivery } from './one.tsx'
import './style.css'

export default function DeliveriesPage({ path, query }: PageProps) {
  const [endpointId, sequence] = path
  if (endpointId === undefined) return <ChooseEndpoint query={query} />
  if (sequence === undefined) return <DeliveryList endpointId={endpointId} query={query} />
  return <OneDelivery endpointId={endpointId} sequence={Number(sequence)} />
}
