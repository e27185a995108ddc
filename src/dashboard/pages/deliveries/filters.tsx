/** @module Which deliveries: the filters, which are in the address. */

import { eventTypes, kindOf, typeName } from '../../event-types.ts'
import { numberOf } from '../../number-of.ts'
import { SelectField, TextField } from '../../parts/form.tsx'
import { MomentField } from '../../parts/moment-field.tsx'
import { RareDetails } from '../../parts/rare-details.tsx'
import { t } from '../../texts/index.ts'

const NAMES = ['state', 'status', 'type', 'since', 'until', 'minDuration', 'maxDuration'] as const

/** As they are in the address: empty where nothing is asked for. */
export type Filters = Readonly<Record<(typeof NAMES)[number], string>>

/** Reads the query of an address. */
export function filtersOf(query: URLSearchParams): Filters {
  const entries = NAMES.map((name) => [name, query.get(name) ?? ''])
  // Of the names there are.
  return Object.fromEntries(entries) as Filters
}

export function isFiltered(filters: Filters): boolean {
  return NAMES.some((name) => filters[name] !== '')
}

const STATES = ['pending', 'delivered', 'failed', 'skipped'] as const

/** As the API is asked. What is none of it is left to it: it says what is wrong. */
export function askedOf({ state, status, type, since, until, minDuration, maxDuration }: Filters) {
  const known = STATES.find((one) => one === state)
  return {
    ...(known ? { state: known } : {}),
    ...(status ? { status } : {}),
    ...(type ? { type } : {}),
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
    ...(minDuration ? { minDuration: numberOf(minDuration) } : {}),
    ...(maxDuration ? { maxDuration: numberOf(maxDuration) } : {}),
  }
}

/** Those that are met most. Any other may be in the address. */
const STATUSES = '200 204 301 302 400 401 403 404 410 413 422 429 500 502 503 504'.split(' ')

/** @param onChange told what was chosen. @param onType told what is being typed. */
export function FilterBar({
  filters,
  onChange,
  onType,
}: {
  filters: Filters
  onChange: (part: Partial<Filters>) => void
  onType: (part: Partial<Filters>) => void
}) {
  const { state, status, type, since, until, minDuration, maxDuration } = filters
  const isMore = since !== '' || until !== '' || minDuration !== '' || maxDuration !== ''
  const milliseconds = { type: 'number', min: 0, max: 86_400_000, inputMode: 'numeric' } as const
  return (
    <form
      class="card delivery-filters"
      onSubmit={(event) => event.preventDefault()}
      aria-label={t.common.filter}
    >
      <div class="columns">
        <SelectField
          label={t.common.state}
          name="state"
          value={state}
          onChange={(chosen) => onChange({ state: chosen })}
          options={{
            '': t.common.all,
            ...Object.fromEntries(STATES.map((one) => [one, t.deliveries.states[one]])),
          }}
        />
        <SelectField
          label={t.deliveries.answer}
          name="status"
          value={optionOf(status)}
          onChange={(chosen) => onChange({ status: statusOf(chosen) })}
          options={statusOptions(status)}
        />
        <SelectField
          label={t.common.type}
          name="type"
          value={type}
          onChange={(chosen) => onChange({ type: chosen })}
          options={typeOptions(type)}
        />
      </div>
      <RareDetails summary={t.deliveries.moreFilters} isSet={isMore}>
        <div class="columns">
          <MomentField
            label={t.deliveries.since}
            name="since"
            isOptional
            value={since}
            onChange={(typed) => onType({ since: typed })}
          />
          <MomentField
            label={t.deliveries.until}
            name="until"
            isOptional
            value={until}
            onChange={(typed) => onType({ until: typed })}
          />
          <TextField
            label={t.deliveries.minDuration}
            name="minDuration"
            isOptional
            {...milliseconds}
            value={minDuration}
            onChange={(typed) => onType({ minDuration: typed })}
          />
          <TextField
            label={t.deliveries.maxDuration}
            name="maxDuration"
            isOptional
            {...milliseconds}
            value={maxDuration}
            onChange={(typed) => onType({ maxDuration: typed })}
          />
        </div>
      </RareDetails>
    </form>
  )
}

/** Of an object, names that are numbers come first, wherever they were put: here they are not numbers. */
const optionOf = (status: string) => (/^\d+$/.test(status) ? `=${status}` : status)
const statusOf = (option: string) => option.replace(/^=/, '')

function statusOptions(current: string): Readonly<Record<string, string>> {
  const { statusClasses } = t.deliveries
  const isListed = current === '' || current in statusClasses || STATUSES.includes(current)
  return {
    '': t.deliveries.anyAnswer,
    ...statusClasses,
    ...Object.fromEntries([...STATUSES, ...(isListed ? [] : [current])].map((one) => [optionOf(one), one])),
  }
}

function typeOptions(current: string): Readonly<Record<string, string>> {
  const kinds = Object.entries(Object.groupBy(eventTypes(), kindOf))
  const known = kinds.flatMap(([kind, types = []]) => [
    [`${kind}.*`, t.deliveries.allOfKind((t.eventKinds as Readonly<Record<string, string>>)[kind] ?? kind)],
    ...types.map((one) => [one, typeName(one)]),
  ])
  const options: Readonly<Record<string, string>> = Object.fromEntries([['', t.common.all], ...known])
  return current in options ? options : { ...options, [current]: typeName(current) }
}
