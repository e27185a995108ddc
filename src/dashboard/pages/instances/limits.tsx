/** @module How much is asked of an instance, of what it allows. */
import { api, call } from '../../api.ts'
import { number } from '../../format.ts'
import { Badge } from '../../parts/badge.tsx'
import { Gauge } from '../../parts/gauge.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Table } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { useEvery } from '../../use-every.ts'
import { useLoaded } from '../../use-loaded.ts'

/** A window of PeerTube's. */
const REFRESH_MS = 10_000

/** Read again every ten seconds while it is shown. @param id of the instance. */
export function InstanceLimits({ id }: { id: string }) {
  const limits = useLoaded(`instance-limits ${id}`, () =>
    call(api.GET('/api/v1/instances/{id}/limits', { params: { path: { id } } })),
  )
  useEvery(REFRESH_MS, limits.reload)
  const words = t.instances.limits
  return (
    <section>
      <h2>{words.title}</h2>
      <p class="quiet">{words.intro}</p>
      <LoadedPart of={limits}>
        {({ data }) => (
          <>
            <div class="card">
              <Table
                caption={words.title}
                keyOf={({ bucket }) => bucket}
                rows={data}
                columns={[
                  { title: words.bucket, cell: ({ bucket }) => words.buckets[bucket] ?? bucket },
                  {
                    title: words.used,
                    cell: ({ bucket, used, atOnce }) => (
                      <Gauge
                        label={words.usedOf(words.buckets[bucket] ?? bucket)}
                        value={used}
                        max={atOnce}
                        words={words.atOnce(number(used), number(atOnce))}
                      />
                    ),
                  },
                  {
                    title: words.ours,
                    cell: ({ ours, windowSeconds }) => words.inSeconds(number(ours), number(windowSeconds)),
                  },
                  {
                    title: words.published,
                    cell: ({ published, windowSeconds }) =>
                      words.inSeconds(number(published), number(windowSeconds)),
                  },
                  {
                    title: words.held,
                    cell: ({ heldUntil }) =>
                      heldUntil === null ? (
                        <span class="quiet">{words.notHeld}</span>
                      ) : (
                        <span>
                          <Badge tone="warn">{words.heldUntil}</Badge> <Moment at={heldUntil} />
                        </span>
                      ),
                  },
                  {
                    title: words.refusals,
                    cell: ({ refusals: { count, lastAt } }) =>
                      count === 0 ? (
                        <span>
                          <Badge tone="good">{words.none}</Badge>
                        </span>
                      ) : (
                        <span>
                          <Badge tone="bad">{words.some(count)}</Badge>{' '}
                          {lastAt !== null && (
                            <>
                              {words.last} <Moment at={lastAt} />
                            </>
                          )}
                        </span>
                      ),
                  },
                ]}
              />
            </div>
            {data.some(({ refusals }) => refusals.count > 0) && <p class="note warn">{words.why}</p>}
          </>
        )}
      </LoadedPart>
    </section>
  )
}
