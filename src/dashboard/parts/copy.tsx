/** @module Texts to be taken elsewhere: addresses, secrets, code. */
import { useEffect, useState } from 'preact/hooks'
import { t } from '../texts/index.ts'

/** A button that copies. @param what the name of it, for who doesn't see where the button stands. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = async () => {
    // Refused where the page is not allowed to: the text can be selected.
    await navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => undefined,
    )
  }
  return (
    <button
      type="button"
      class="small"
      onClick={copy}
      aria-label={`${isCopied ? t.common.copied : t.common.copy}: ${what}`}
    >
      <span aria-live="polite">{isCopied ? t.common.copied : t.common.copy}</span>
    </button>
  )
}

/** A text with a button that copies it. */
function CopyField({ label, text }: { label: string; text: string }) {
  return (
    <div class="copy-field">
      <span class="label">{label}</span>
      <code class="wrap" dir="ltr">
        {text}
      </code>
      <CopyButton text={text} what={label} />
    </div>
  )
}

/** What is shown once: a secret or a key. */
export function ShownOnce({ label, text }: { label: string; text: string }) {
  return (
    <div class="note good" role="status">
      <CopyField label={label} text={text} />
      <p>{t.common.shownOnce}</p>
    </div>
  )
}

/** Several lines, such as code or a payload. */
export function CodeBlock({ label, text }: { label: string; text: string }) {
  return (
    <figure class="code">
      <figcaption>
        {label} <CopyButton text={text} what={label} />
      </figcaption>
      <section class="scroller" tabIndex={0} aria-label={label}>
        <pre dir="ltr">
          <code>{text}</code>
        </pre>
      </section>
    </figure>
  )
}
