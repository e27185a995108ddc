/** @module Numbers and times as their reader writes them. */
import { locale } from './texts/locale.ts'

/** `1,234`. */
export function number(value: number, options: Intl.NumberFormatOptions = {}): string {
  return new Intl.NumberFormat(locale, options).format(value)
}

/** @param share 0 to 1. Never rounded to all or nothing while something is left: 99.97 % is not 100 %. */
export function percent(share: number): string {
  const digits = share > 0.99 && share < 1 ? 2 : share > 0 && share < 0.01 ? 2 : 0
  return number(share, { style: 'percent', maximumFractionDigits: digits, roundingMode: 'trunc' })
}

/** `120 ms`, `1.5 s`, `4 min`. @param value milliseconds. */
export function duration(value: number): string {
  if (value < 1_000) return unit(Math.round(value), 'millisecond')
  if (value < 60_000) return unit(value / 1_000, 'second', 1)
  if (value < 3_600_000) return unit(value / 60_000, 'minute', 1)
  if (value < 86_400_000) return unit(value / 3_600_000, 'hour', 1)
  return unit(value / 86_400_000, 'day', 1)
}

function unit(value: number, name: string, digits = 0): string {
  return number(value, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits })
}

/** `27 Nov 2026, 18:40:05 CET`. @param time ISO 8601, or milliseconds since the epoch. */
export function exactTime(time: string | number): string {
  return new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'long',
  }).format(new Date(time))
}

/** `18:40`. */
export function clockTime(time: string | number): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }).format(new Date(time))
}

/** `Fri 27`. */
export function dayName(time: string | number): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric' }).format(new Date(time))
}

/** `Fri 27, 18:40`. */
export function dayAndTime(time: string | number): string {
  return `${dayName(time)}, ${clockTime(time)}`
}

const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const satisfies [Intl.RelativeTimeFormatUnit, number][]

/** `3 minutes ago`, `in 2 hours`. @param now milliseconds since the epoch. */
export function relativeTime(time: string | number, now: number): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const away = new Date(time).getTime() - now
  const [name, step] = STEPS.find(([, size]) => Math.abs(away) >= size) ?? ['second', 1_000]
  return format.format(Math.trunc(away / step), name)
}
