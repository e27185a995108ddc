/** @module Around each test of the dashboard: whoever visited it leaves. */
import { afterEach } from 'vitest'
import { closeVisits } from './visit.ts'

afterEach(closeVisits)
