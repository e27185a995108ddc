/** @module Numbers by the hour as columns, with the table that says the same. */
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clockTime, dayAndTime, dayName, exactTime, number } from '../format.ts'
import { t } from '../texts/index.ts'
import { useThemeChanges } from '../use-theme.ts'

export type Series = {
  title: string
  /** A custom property of the style sheet, such as `--series-1`. */
  colour: `--${string}`
  /** One for each hour. */
  values: readonly number[]
}

const HEIGHT = 200
const HOUR_SECONDS = 3_600

/** @param hours ISO 8601, the oldest first. */
export function HourChart({
  title,
  hours,
  series,
}: {
  title: string
  hours: readonly string[]
  series: readonly Series[]
}) {
  const box = useRef<HTMLDivElement>(null)
  const [pointed, setPointed] = useState<number | null>(null)
  const theme = useThemeChanges()
  const key = JSON.stringify([hours, series, theme])
  const nameOf = hours.length > 24 ? dayAndTime : clockTime
  const shown = pointed === null ? undefined : hours[pointed]
  useEffect(() => {
    const element = box.current
    if (!element) return
    const plot = new uPlot(optionsOf(element, hours, series, setPointed), dataOf(hours, series), element)
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      plot.destroy()
    }
  }, [key])
  return (
    <figure class="chart">
      <figcaption>
        {title}
        <span class="legend">
          {shown && <span>{nameOf(shown)}</span>}
          {series.map(({ title: name, colour, values }) => (
            <span key={name}>
              <i style={{ background: `var(${colour})` }} /> {name}{' '}
              <b>{number(pointed === null ? sumOf(values) : (values[pointed] ?? 0))}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={box} aria-hidden="true" class="plot" />
      <details>
        <summary>{t.common.asTable}</summary>
        <section class="scroll" tabIndex={0} aria-label={title}>
          <table>
            <caption class="hidden">{title}</caption>
            <thead>
              <tr>
                <th scope="col">{t.chart.hour}</th>
                {series.map(({ title: name }) => (
                  <th key={name} scope="col" class="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {hours.map((hour, index) => (
                <tr key={hour}>
                  <th scope="row">
                    <time dateTime={hour} title={exactTime(hour)}>
                      {nameOf(hour)}
                    </time>
                  </th>
                  {series.map(({ title: name, values }) => (
                    <td key={name} class="number">
                      {number(values[index] ?? 0)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  )
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

/** Stacked: each series stands on the ones before it, so the tallest is drawn first. */
function dataOf(hours: readonly string[], series: readonly Series[]): uPlot.AlignedData {
  const sums = hours.map(() => 0)
  const stacked = series.map(({ values }) =>
    values.map((value, index) => {
      sums[index] = (sums[index] ?? 0) + value
      return sums[index] ?? 0
    }),
  )
  return [hours.map((hour) => Date.parse(hour) / 1_000), ...stacked.toReversed()]
}

/** @param onPointed told of which hour the pointer is over; null: of none. */
function optionsOf(
  element: HTMLElement,
  hours: readonly string[],
  series: readonly Series[],
  onPointed: (index: number | null) => void,
): uPlot.Options {
  const first = Date.parse(hours[0] ?? '') / 1_000
  const isLong = hours.length > 24
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const columns = uPlot.paths.bars?.({ size: [0.7, 40], align: 1 })
  const axis = {
    stroke: colour('--quiet'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    hooks: {
      setCursor: [
        (plot) => {
          const left = plot.cursor.left ?? -1
          onPointed(left < 0 ? null : Math.floor((plot.posToVal(left, 'x') - first) / HOUR_SECONDS))
        },
      ],
    },
    scales: {
      // The last hour has its column, too.
      x: { time: true, range: [first, first + hours.length * HOUR_SECONDS] },
      y: { range: (_plot, _min, max) => [0, Math.max(4, max * 1.1)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        values: (_plot, splits) =>
          splits.map((seconds) => (isLong && isMidnight(seconds) ? dayName : clockTime)(seconds * 1_000)),
      },
      {
        ...axis,
        size: 38,
        values: (_plot, splits) => splits.map((value) => (Number.isInteger(value) ? number(value) : '')),
      },
    ],
    series: [
      {},
      ...series.toReversed().map(({ colour: name }) => ({
        fill: colour(name),
        stroke: colour(name),
        width: 0,
        points: { show: false },
        ...(columns ? { paths: columns } : {}),
      })),
    ],
  }
}

const isMidnight = (seconds: number) => new Date(seconds * 1_000).getHours() === 0
