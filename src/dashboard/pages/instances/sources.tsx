/** @module What is read of an instance. */
import { useEffect, useRef } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { SourceCard } from '../../parts/source-card.tsx'
import type { SaveDelay } from '../../parts/source-delay.tsx'
import { type Source, targetWords } from '../../parts/source-words.ts'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import type { Instance } from './instance-badge.tsx'

const save: SaveDelay = ({ id }, maxDelaySeconds) =>
  call(api.PATCH('/api/v1/sources/{id}', { params: { path: { id } }, body: { maxDelaySeconds } }))

export function Sources({
  instance: { id, url },
  sources,
  reload,
}: {
  instance: Instance
  sources: readonly Source[]
  reload: () => void
}) {
  const can = useCan()
  const mayChange = can('changeSources')
  const heading = useRef<HTMLHeadingElement>(null)
  const before = useRef(sources.length)
  useEffect(() => {
    // Who removed one stood on its button.
    if (sources.length < before.current) heading.current?.focus()
    before.current = sources.length
  }, [sources.length])
  return (
    <section>
      <div class="section-head">
        <h2 ref={heading} tabIndex={-1}>
          {t.instances.one.sources}
        </h2>
        {mayChange && (
          <a class="button" href={linkTo(['instances', id, 'sources'])}>
            {t.instances.one.addSource}
          </a>
        )}
      </div>
      <div class="grid sources">
        {sources.map((source) => (
          <SourceCard
            key={source.id}
            source={source}
            origin={url}
            save={mayChange ? save : undefined}
            onSaved={reload}
            actions={
              // The last one goes with the instance only.
              mayChange &&
              sources.length > 1 && (
                <ConfirmButton
                  label={t.instances.source.remove}
                  title={t.instances.source.removeTitle}
                  question={
                    <p class="wrap" dir="auto">
                      {t.instances.source.removeQuestion(targetWords(source))}
                    </p>
                  }
                  act={() =>
                    call(api.DELETE('/api/v1/sources/{id}', { params: { path: { id: source.id } } }))
                  }
                  onDone={reload}
                />
              )
            }
          />
        ))}
      </div>
    </section>
  )
}
