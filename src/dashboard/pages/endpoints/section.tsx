/** @module A part of a page, under a heading that names it. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId()
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  )
}
