/** @module Links that lead away from here, to what somebody else named. */
import type { ComponentChildren } from 'preact'
import { t } from '../texts/index.ts'

/** A link that opens elsewhere, and says so. What is no address of the web, such as `javascript:`, is text. */
export function OutsideLink({ href, children }: { href: string; children: ComponentChildren }) {
  const url = URL.parse(href)
  if (!url || !/^https?:$/.test(url.protocol)) return <>{children}</>
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer">
      {children} <span aria-hidden="true">↗</span>
      <span class="hidden"> ({t.common.opensElsewhere})</span>
    </a>
  )
}
