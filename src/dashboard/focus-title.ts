/** @module Where the keyboard goes on when what it was on is gone. */

/**
 * Puts the focus on the title of the page. After what is drawn next: a dialog that closes gives the focus back to what opened it, which
 * an action may have taken away.
 */
export function focusTitle(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('main h1')?.focus())
}
