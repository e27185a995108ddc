/** @module The frame of a page: its title (the window's, too), what can be done with it as a whole, its content. */
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { linkTo } from '../address.ts'
import { cameBack } from '../routes.ts'

/** Whether something was shown before: who comes by the keyboard begins at the title then, and not at the top of the window. */
let hasShown = false

export function Page({
  title,
  up,
  actions,
  children,
}: {
  title: string
  /** The page that this one is a part of. */
  up?: { title: string; path: readonly string[] } | undefined
  actions?: ComponentChildren
  children: ComponentChildren
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} – Tubewire`
  }, [title])
  // Where the page before was scrolled to is nowhere in this one; who comes back finds the place that he left.
  useLayoutEffect(() => {
    if (hasShown && !cameBack()) scrollTo({ top: 0, behavior: 'instant' })
  }, [])
  useEffect(() => {
    if (hasShown) {
      heading.current?.focus({ preventScroll: true })
    }
    hasShown = true
  }, [])
  return (
    <>
      <header class="page-head">
        <div>
          {up && (
            <p class="up wrap">
              <a href={linkTo(up.path)} dir="auto">
                {up.title}
              </a>
            </p>
          )}
          <h1 ref={heading} tabIndex={-1} dir="auto">
            {title}
          </h1>
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  )
}
