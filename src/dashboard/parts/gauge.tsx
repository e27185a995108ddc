/** @module How much of something is used. */
import { number } from '../format.ts'

/** @param label what is used. @param words what is said beside it. */
export function Gauge({
  label,
  value,
  max,
  words,
}: {
  label: string
  value: number
  max: number
  words?: string
}) {
  return (
    <span class="gauge">
      <meter aria-label={label} min={0} max={max} high={max * 0.8} optimum={0} value={Math.min(value, max)} />
      <span>{words ?? `${number(value)} / ${number(max)}`}</span>
    </span>
  )
}

/** How far something is that takes a while. @param share 0 to 1; null: nobody knows. */
export function Progress({ label, share }: { label: string; share: number | null }) {
  return (
    <span class="gauge">
      <progress aria-label={label} max={1} {...(share === null ? {} : { value: share })} />
      <span>{share === null ? '' : number(share, { style: 'percent' })}</span>
    </span>
  )
}
