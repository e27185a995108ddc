/** @module What is shown in place of a page that has a defect, or whose code could not be had. */
import { Component, type ComponentChildren } from 'preact'
import { t } from './texts/index.ts'

export class Crash extends Component<{ children: ComponentChildren }, { error: unknown }> {
  override state = { error: null }

  static override getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override componentDidCatch(error: unknown) {
    // For who looks into it.
    console.error(error)
  }

  override render() {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <div class="note bad" role="alert">
        <p>{t.failure.crashed}</p>
        <button type="button" onClick={() => location.reload()}>
          {t.failure.reload}
        </button>
      </div>
    )
  }
}
