/** @module Links that lead out of the dashboard, such as to a video: opened beside it, and told nothing of where one comes from. */
import type { ComponentChildren } from 'preact'
import { t } from '../texts/index.ts'

/** Whether an address is one of the web. Whoever wrote it may have written `javascript:`. */
export function isWebAddress(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
}

/** @param href as somebody else wrote it: what is no address of the web is shown as text. */
export function OutsideLink({ href, children }: { href: string; children: ComponentChildren }) {
  if (!isWebAddress(href))
    return (
      <span dir="auto" class="wrap">
        {children}
      </span>
    )
  return (
    <a href={href} rel="noopener noreferrer" target="_blank" dir="auto" class="wrap">
      {children}
      <span aria-hidden="true"> ↗</span>
      <span class="hidden"> ({t.common.opensElsewhere})</span>
    </a>
  )
}
