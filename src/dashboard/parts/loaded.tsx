/** @module What was read: its data, or that it is on its way, or why it did not come. */
import type { ComponentChildren } from 'preact'
import { t } from '../texts/index.ts'
import type { Loaded } from '../use-loaded.ts'
import { FailureNote } from './failure.tsx'

/** Old data stays while it is read again, and when that fails, which is said above it. */
export function LoadedPart<TData>({
  of,
  children,
}: {
  of: Loaded<TData>
  children: (data: TData) => ComponentChildren
}) {
  return (
    <>
      {of.failure && <FailureNote failure={of.failure} retry={of.reload} />}
      {of.data !== null ? children(of.data) : of.isLoading && <Loading />}
    </>
  )
}

export function Loading() {
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" /> {t.common.loading}
    </p>
  )
}
