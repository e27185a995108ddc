/** @module An event that went nowhere: which endpoints there are, and how it would have gone to one. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { endpointName } from '../../endpoint-name.ts'
import { LoadedPart } from '../../parts/loaded.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'

const MOST_SHOWN = 5

export function NobodyToldOf() {
  const endpoints = useLoaded('endpoints: the newest', () =>
    call(api.GET('/api/v1/endpoints', { params: { query: { count: MOST_SHOWN, sort: '-createdAt' } } })),
  )
  return (
    <>
      <p>
        <strong>{t.events.nobodyTold}</strong>
      </p>
      <LoadedPart of={endpoints}>
        {({ total, data }) =>
          total === 0 ? (
            <>
              <p>{t.events.noEndpoints}</p>
              <a class="button" href={linkTo(['endpoints', 'new'])}>
                {t.events.newEndpoint}
              </a>
            </>
          ) : (
            <>
              <p>{t.events.whyNobody}</p>
              <ul>
                {data.map((endpoint) => (
                  <li key={endpoint.id}>
                    <a href={linkTo(['endpoints', endpoint.id])} dir="auto" class="wrap">
                      {endpointName(endpoint)}
                    </a>
                  </li>
                ))}
              </ul>
              {total > data.length && <a href={linkTo(['endpoints'])}>{t.events.allEndpoints(total)}</a>}
            </>
          )
        }
      </LoadedPart>
    </>
  )
}
