/** @module How late one accepts to learn of something of a source, and the form that changes it. */

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Result } from '../api.ts'
import { duration } from '../format.ts'
import { numberOf } from '../number-of.ts'
import { t } from '../texts/index.ts'
import { Form, TextField } from './form.tsx'
import { type Source, targetWords } from './source-words.ts'

/** What changes it. @param seconds null: as the settings say. */
export type SaveDelay = (source: Source, seconds: number | null) => Promise<Result<Source>>

/** @param save none: who looks may not change it. */
export function SourceDelay({
  source,
  save,
  onSaved,
}: {
  source: Source
  save?: SaveDelay | undefined
  onSaved: () => void
}) {
  const [isOpen, setOpen] = useState(false)
  const [isSaved, setSaved] = useState(false)
  const [seconds, setSeconds] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const wasOpen = useRef(false)
  useEffect(() => {
    // Into the field when it opens, and back to the button when it closes.
    if (isOpen || wasOpen.current) box.current?.querySelector<HTMLElement>('input, button')?.focus()
    wasOpen.current = isOpen
  }, [isOpen])
  const words = duration(source.maxDelaySeconds * 1_000)
  if (!save) return <>{words}</>
  return (
    <div ref={box}>
      {isOpen ? (
        <Form
          submit={t.common.save}
          send={() => save(source, seconds.trim() === '' ? null : numberOf(seconds))}
          onDone={() => {
            setOpen(false)
            setSaved(true)
            onSaved()
          }}
          more={
            <button type="button" onClick={() => setOpen(false)}>
              {t.common.cancel}
            </button>
          }
        >
          <TextField
            label={t.instances.source.delaySeconds}
            name="maxDelaySeconds"
            type="number"
            isOptional
            hint={t.instances.source.delayHint}
            value={seconds}
            onChange={setSeconds}
          />
        </Form>
      ) : (
        <>
          {words}{' '}
          <button
            type="button"
            class="link"
            aria-label={t.instances.source.changeDelayOf(targetWords(source))}
            onClick={() => {
              setSeconds(String(source.maxDelaySeconds))
              setSaved(false)
              setOpen(true)
            }}
          >
            {t.instances.source.changeDelay}
          </button>{' '}
          <span role="status">{isSaved && t.common.saved}</span>
        </>
      )}
    </div>
  )
}
