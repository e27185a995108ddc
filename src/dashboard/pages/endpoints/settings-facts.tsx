/** @module How an endpoint is sent to, as it is set. */

import { linkTo } from '../../address.ts'
import { duration, number } from '../../format.ts'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import type { Endpoint } from './reads.ts'
import { Section } from './section.tsx'

export function SettingsFacts({ endpoint }: { endpoint: Endpoint }) {
  const words = t.endpoints.fields
  const { batch, metadata, timeoutSeconds } = endpoint
  const byDefault = <span class="quiet">{words.byDefault}</span>
  return (
    <Section title={t.endpoints.edit.settings}>
      <dl class="facts">
        {endpoint.description.trim() !== '' && (
          <>
            <dt>{words.description}</dt>
            <dd dir="auto">{endpoint.description}</dd>
          </>
        )}
        <dt>{words.format}</dt>
        <dd>{t.endpoints.formats[endpoint.format] ?? endpoint.format}</dd>
        <dt>{words.payload}</dt>
        <dd>{words.payloads[endpoint.payload]}</dd>
        <dt>{words.ordering}</dt>
        <dd>{words.orderings[endpoint.ordering]}</dd>
        <dt>{words.headers}</dt>
        <dd>{endpoint.headers === null ? t.common.none : words.headersSet}</dd>
        <dt>{words.rateLimit}</dt>
        <dd>{endpoint.rateLimit === null ? byDefault : number(endpoint.rateLimit)}</dd>
        <dt>{words.concurrency}</dt>
        <dd>{endpoint.concurrency === null ? byDefault : number(endpoint.concurrency)}</dd>
        <dt>{words.timeoutSeconds}</dt>
        <dd>{timeoutSeconds === null ? byDefault : duration(timeoutSeconds * 1_000)}</dd>
        <dt>{words.batch}</dt>
        <dd>
          {batch ? words.batchOf(number(batch.events), duration(batch.seconds * 1_000)) : words.oneByOne}
        </dd>
        <dt>{words.signatures}</dt>
        <dd>{endpoint.signatures.includes('v1a') ? 'HMAC-SHA256, Ed25519' : 'HMAC-SHA256'}</dd>
        {Object.entries(metadata ?? {}).map(([name, value]) => (
          <>
            <dt key={`${name} name`} dir="auto">
              {name}
            </dt>
            <dd key={name} dir="auto">
              {value}
            </dd>
          </>
        ))}
        <dt>{words.verifiedAt}</dt>
        <dd>
          <Moment at={endpoint.verifiedAt} />
        </dd>
        <dt>{t.common.created}</dt>
        <dd>
          <Moment at={endpoint.createdAt} />
        </dd>
        <dt>{words.id}</dt>
        <dd>
          <code>{endpoint.id}</code>
        </dd>
      </dl>
      <a class="button" href={linkTo(['endpoints', endpoint.id, 'edit'])}>
        {t.endpoints.edit.title}
      </a>
    </Section>
  )
}
