/** @module What a receiver answered: its own text, of which a little is shown at first. */
import { useState } from 'preact/hooks'
import { t } from '../../texts/index.ts'

/** So much is shown without being asked for. */
const SHORT = { characters: 200, lines: 3 } as const

/** @param number of the attempt. */
export function Answer({ text, number }: { text: string; number: number }) {
  const [isWhole, setWhole] = useState(false)
  const isLong = text.length > SHORT.characters || text.split('\n').length > SHORT.lines
  return (
    <div class="receiver-answer">
      <p class="quiet">{t.deliveries.itAnswered}</p>
      <pre dir="auto" class="wrap">
        <code class={isLong && !isWhole ? 'clamp' : ''}>{text}</code>
      </pre>
      {isLong && (
        <button
          type="button"
          class="small"
          aria-expanded={isWhole}
          aria-label={`${isWhole ? t.deliveries.lessOfAnswer : t.deliveries.wholeAnswer}: ${t.deliveries.attempt(number)}`}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? t.deliveries.lessOfAnswer : t.deliveries.wholeAnswer}
        </button>
      )}
    </div>
  )
}
