/** @module The dashboard begins here: its texts first, then the page. */
import { render } from 'preact'
import { App } from './app.tsx'
import { followHistory } from './routes.ts'
import { loadTexts } from './texts/index.ts'
import { applyTheme } from './theme.ts'
import './style/base.css'
import './style/shell.css'
import './style/parts.css'

const root = document.getElementById('app')
if (!root) throw new Error('the page has no place for the dashboard')
try {
  applyTheme()
  followHistory()
  await loadTexts()
  render(<App />, root)
} catch (error) {
  // For who looks into it. In English, for the texts may be what is missing.
  console.error(error)
  root.textContent =
    'The dashboard could not be shown. Load the page again; if it stays so, show its operator what the console of the browser says.'
}
