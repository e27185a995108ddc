/** @module Instances. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function InstancesPage() {
  return <Page title={t.instances.title}>…</Page>
}
