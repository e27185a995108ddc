/** @module What is set seldom: folded away, unless something of it is set. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/**
 * It opens by itself, and never closes by itself: not under who empties a field in it.
 * @param isSet whether something in it is set.
 */
export function RareDetails({
  summary,
  isSet,
  children,
  ...rest
}: {
  summary: string
  isSet: boolean
  class?: string
  children: ComponentChildren
}) {
  const [isOpen, setOpen] = useState(isSet)
  useEffect(() => {
    if (isSet) setOpen(true)
  }, [isSet])
  return (
    <details {...rest} open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {children}
    </details>
  )
}
