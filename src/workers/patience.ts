/** @module Waiting, but not for long. */

/** Waits until the work has settled, or for so many milliseconds. Never rejects: who holds the work sees its outcome. */
export async function patiently(work: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([work.catch(() => undefined), patience])
  clearTimeout(timer)
}
