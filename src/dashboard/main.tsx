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
applyTheme()
followHistory()
await loadTexts()
render(<App />, root)
