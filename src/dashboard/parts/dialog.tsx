/** @module A question before the page goes on: a modal dialog (HTML standard, 4.11.4), which keeps the keyboard inside itself. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { Failure, Result } from '../api.ts'
import { t } from '../texts/index.ts'
import { FailureNote } from './failure.tsx'

export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string
  onClose: () => void
  children: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <h2 id={id} dir="auto">
        {title}
      </h2>
      {children}
    </dialog>
  )
}

/**
 * A button that asks before it does what can't be undone.
 * @param question what will be gone, in a sentence. @param act what is done; what it fails with is shown, and the question stays.
 */
export function ConfirmButton({
  label,
  title,
  question,
  confirm = label,
  act,
  onDone,
  disabled,
}: {
  label: string
  title: string
  question: ComponentChildren
  confirm?: string
  act: () => Promise<Result<unknown>>
  onDone: () => void
  disabled?: boolean
}) {
  const [isOpen, setOpen] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const close = () => {
    setOpen(false)
    setFailure(null)
  }
  const go = async () => {
    if (isBusy) return
    setBusy(true)
    const result = await act()
    setBusy(false)
    if (!result.ok) return setFailure(result.failure)
    close()
    onDone()
  }
  return (
    <>
      <button type="button" class="danger" disabled={disabled} onClick={() => setOpen(true)}>
        {label}
      </button>
      {isOpen && (
        <Dialog title={title} onClose={close}>
          <div>{question}</div>
          {failure && <FailureNote failure={failure} />}
          <div class="actions">
            <button type="button" onClick={close}>
              {t.common.cancel}
            </button>
            <button type="button" class="danger" aria-disabled={isBusy} onClick={go}>
              {confirm}
            </button>
          </div>
        </Dialog>
      )}
    </>
  )
}
