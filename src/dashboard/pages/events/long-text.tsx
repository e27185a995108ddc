/** @module A text of somebody else, whole, but folded when it is long. */
import { excerpt } from '../../parts/plain-text.ts'
import { t } from '../../texts/index.ts'

const LONG = 400

export function LongText({ text }: { text: string }) {
  if (text.length <= LONG)
    return (
      <span class="wrap lines" dir="auto">
        {text}
      </span>
    )
  return (
    <>
      <span class="wrap" dir="auto">
        {excerpt(text, LONG)}
      </span>
      <details>
        <summary>{t.events.wholeText}</summary>
        <div class="wrap lines" dir="auto">
          {text}
        </div>
      </details>
    </>
  )
}
