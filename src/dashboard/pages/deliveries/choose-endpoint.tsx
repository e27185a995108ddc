/** @module Whose deliveries: a choice where there is one, and none where there is one endpoint only. */
import { useEffect } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { endpointName } from '../../endpoint-name.ts'
import { Empty } from '../../parts/empty.tsx'
import { EndpointBadge } from '../../parts/endpoint-badge.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { replace } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useOwnEndpoints } from './own-endpoints.ts'

/** @param query filters, which stay as they are. */
export function ChooseEndpoint({ query }: { query: URLSearchParams }) {
  const endpoints = useOwnEndpoints()
  const only = endpoints.data?.data.length === 1 ? endpoints.data.data[0] : undefined
  useEffect(() => {
    // In place of this one: "back" would only lead here and there again.
    if (only) replace(linkTo(['deliveries', only.id], Object.fromEntries(query)))
  }, [only])
  return (
    <Page title={t.deliveries.title}>
      <LoadedPart of={endpoints}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={t.deliveries.noEndpoints}>
              <p>{t.deliveries.noEndpointsHint}</p>
              <a class="button primary" href={linkTo(['endpoints', 'new'])}>
                {t.deliveries.makeEndpoint}
              </a>
            </Empty>
          ) : (
            <>
              <p>{t.deliveries.choose}</p>
              <ul class="endpoint-choice">
                {data.map((endpoint) => {
                  return (
                    <li key={endpoint.id} class="card">
                      <a
                        href={linkTo(['deliveries', endpoint.id], Object.fromEntries(query))}
                        dir="auto"
                        class="clamp"
                      >
                        {endpointName(endpoint)}
                      </a>
                      <EndpointBadge of={endpoint} />
                      {endpoint.description && (
                        <span class="quiet wrap" dir="ltr">
                          {endpoint.url}
                        </span>
                      )}
                    </li>
                  )
                })}
              </ul>
            </>
          )
        }
      </LoadedPart>
    </Page>
  )
}
