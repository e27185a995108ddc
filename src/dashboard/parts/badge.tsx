/** @module A state in a word: its colour says how it is, its word says it, too. */
import type { ComponentChildren } from 'preact'

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'plain'

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>
}
