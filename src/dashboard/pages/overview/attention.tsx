/** @module What needs attention: what is wrong, since when, and where it is mended. */

import { linkTo } from '../../address.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import type { Overview } from './index.tsx'

type Attention = Overview['attention'][number]

const PAGES = { instance: 'instances', endpoint: 'endpoints', connection: 'connections' } as const

/** What may pass by itself; all else waits for somebody. */
const TONES: Partial<Readonly<Record<Attention['state'], Tone>>> = { failing: 'warn', pending: 'warn' }

/** So many are shown at once. */
const MOST_SHOWN = 5

export function AttentionList({ attention }: { attention: readonly Attention[] }) {
  const rest = attention.slice(MOST_SHOWN)
  return (
    <section class="card">
      <h2>{t.overview.attention}</h2>
      {attention.length === 0 ? (
        <p class="all-well">
          <Badge tone="good">{t.overview.allWell}</Badge> {t.overview.allWellMore}
        </p>
      ) : (
        <Items items={attention.slice(0, MOST_SHOWN)} />
      )}
      {rest.length > 0 && (
        <details>
          <summary>{t.overview.more(rest.length)}</summary>
          <Items items={rest} />
        </details>
      )}
    </section>
  )
}

function Items({ items }: { items: readonly Attention[] }) {
  return (
    <ul class="attention">
      {items.map((one) => (
        <li key={one.id}>
          <Item {...one} />
        </li>
      ))}
    </ul>
  )
}

function Item({ kind, id, name, state, since, error }: Attention) {
  const wrong: Readonly<Record<string, string>> = t.overview.wrong[kind]
  return (
    <>
      <p class="attention-head">
        <Badge tone={TONES[state] ?? 'bad'}>{t.overview.states[state] ?? state}</Badge>
        <strong dir="auto" class="clip">
          {name}
        </strong>
        <span class="quiet">
          {t.overview.kinds[kind]}
          {since !== null && (
            <>
              {' '}
              · {t.overview.began} <Moment at={since} />
            </>
          )}
        </span>
      </p>
      <p>
        {wrong[state] ?? ''}{' '}
        <a href={linkTo([PAGES[kind], id])}>
          {t.overview.cure[kind]}
          <span class="hidden">: {name}</span>
        </a>
      </p>
      {error !== null && (
        <p lang="en" dir="auto" class="quiet clamp">
          {error}
        </p>
      )}
    </>
  )
}
