/** @module What an endpoint is sent: its subscriptions, in words. */
import { api, call } from '../../api.ts'
import { typeName } from '../../event-types.ts'
import { number } from '../../format.ts'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { linkTo } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { type Filter, readSubscriptions, type Subscription } from './reads.ts'

export function Subscriptions({ endpointId }: { endpointId: string }) {
  const words = t.endpoints.subscriptions
  const subscriptions = useLoaded(`subscriptions ${endpointId}`, () => readSubscriptions(endpointId))
  return (
    <section class="card">
      <h2>{words.title}</h2>
      <LoadedPart of={subscriptions}>
        {({ data, total }) => (
          <>
            {data.length === 0 ? (
              <p class="note warn">{words.none}</p>
            ) : (
              <ul class="subscriptions">
                {data.map((subscription) => (
                  <li key={subscription.id}>
                    <One subscription={subscription} onRemoved={subscriptions.reload} />
                  </li>
                ))}
              </ul>
            )}
            {total > data.length && <p>{t.common.ofTotal(number(data.length), number(total))}</p>}
            <a class="button" href={linkTo(['endpoints', endpointId, 'subscriptions', 'new'])}>
              {words.add}
            </a>
          </>
        )}
      </LoadedPart>
    </section>
  )
}

function One({ subscription, onRemoved }: { subscription: Subscription; onRemoved: () => void }) {
  const { id, endpoint, filter } = subscription
  const words = t.endpoints.subscriptions
  return (
    <>
      <FilterWords filter={filter} />
      <div class="actions">
        <a class="button" href={linkTo(['endpoints', endpoint, 'subscriptions', id])}>
          {words.edit}
        </a>
        <ConfirmButton
          label={t.common.remove}
          title={words.removeTitle}
          question={
            <>
              <FilterWords filter={filter} />
              <p>{words.removeQuestion}</p>
            </>
          }
          act={() => call(api.DELETE('/api/v1/subscriptions/{id}', { params: { path: { id } } }))}
          onDone={onRemoved}
        />
      </div>
    </>
  )
}

/** A filter in words. Text of its owner. */
function FilterWords({ filter }: { filter: Filter }) {
  const parts = Object.entries(filter)
  if (parts.length === 0) return <p>{t.filter.all}</p>
  return (
    <dl class="facts">
      {parts.map(([name, value]) => (
        <>
          <dt key={`${name} name`}>{nameOf(name)}</dt>
          <dd key={name} dir="auto">
            {wordsOf(name, value)}
          </dd>
        </>
      ))}
    </dl>
  )
}

function nameOf(part: string): string {
  const words = t.filter[part as keyof typeof t.filter]
  return typeof words === 'string' ? words : part
}

function wordsOf(part: string, value: Filter[keyof Filter]): string {
  if (part === 'nsfw') return value ? t.filter.nsfwOnly : t.filter.nsfwNone
  if (part === 'types' && Array.isArray(value))
    return value.map((type) => patternName(String(type))).join(', ')
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'boolean' ? (value ? t.common.yes : t.common.no) : String(value)
}

/** `video.*` is all of its kind. */
function patternName(pattern: string): string {
  const [kind, rest] = pattern.split('.')
  return rest === '*' ? (t.eventKinds[kind as keyof typeof t.eventKinds] ?? pattern) : typeName(pattern)
}
