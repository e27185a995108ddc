/** @module Waiting, but not for long. */

/**
 * Waits until the work has settled, or for so many milliseconds. Never rejects: who holds the work sees its outcome.
 * @returns whether the work has settled.
 */
export async function patiently(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  const settled = work.then(
    () => true,
    () => true,
  )
  const isSettled = await Promise.race([settled, patience])
  clearTimeout(timer)
  return isSettled
}
