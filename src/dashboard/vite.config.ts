/** @module How the dashboard is built: `npm run dashboard`, and `npm start` when something of it has changed. */
import { join } from 'node:path'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // The addresses in the page are whole paths: it is served at the root.
  base: '/',
  build: {
    outDir: join(import.meta.dirname, '..', '..', 'dist', 'dashboard'),
    emptyOutDir: true,
    target: 'es2022',
    // Small files inside others would be `data:` addresses, which the page's policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  clearScreen: false,
})
