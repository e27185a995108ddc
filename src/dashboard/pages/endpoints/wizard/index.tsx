/** @module Making an endpoint, step by step. Each step has an address: "back" goes back, and who left goes on from the list. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { linkTo } from '../../../address.ts'
import { LoadedPart } from '../../../parts/loaded.tsx'
import { Page } from '../../../parts/page.tsx'
import { go, replace } from '../../../routes.ts'
import { t } from '../../../texts/index.ts'
import { type Loaded, useLoaded } from '../../../use-loaded.ts'
import { type Endpoint, readEndpoint } from '../reads.ts'
import { FilterStep } from './filter-step.tsx'
import { SecretStep } from './secret-step.tsx'
import { linkToStep, STEPS, type Step, stepNamed, stepsOf } from './steps.ts'
import { TestStep } from './test-step.tsx'
import { MadeStep, UrlStep } from './url-step.tsx'
import { VerifyStep } from './verify-step.tsx'

/** `#/endpoints/new?step=verify&endpoint=ep_…` */
export function Wizard({ query }: { query: URLSearchParams }) {
  const id = query.get('endpoint')
  // In memory only, and by its endpoint: it is shown once.
  const [shown, setShown] = useState<{ id: string; secret: string } | null>(null)
  const loaded = useLoaded<Endpoint>(id && `endpoint ${id}`, () => readEndpoint(id ?? ''))
  const step = id === null ? 'url' : stepNamed(query.get('step'))

  const onMade = ({ secret, ...endpoint }: Endpoint & { secret: string }) => {
    setShown({ id: endpoint.id, secret })
    // "Back" comes back to what was made, and not to a form that would make it again.
    replace(linkToStep('url', endpoint.id))
    const next = stepsOf(endpoint.format)[1] ?? 'verify'
    go(linkToStep(next, endpoint.id))
  }

  return (
    <Page title={t.endpoints.wizard.title} up={{ title: t.endpoints.title, path: ['endpoints'] }}>
      <StepList step={step} endpoint={loaded.data} />
      {id === null ? (
        <StepCard step="url">
          <UrlStep onMade={onMade} />
        </StepCard>
      ) : (
        <LoadedPart of={loaded}>
          {(endpoint) => (
            <StepCard key={step} step={step}>
              <StepOf
                step={step}
                endpoint={endpoint}
                loaded={loaded}
                secret={shown?.id === id ? shown.secret : null}
                onSecret={(secret) => setShown({ id, secret })}
              />
            </StepCard>
          )}
        </LoadedPart>
      )}
    </Page>
  )
}

function StepOf({
  step,
  endpoint,
  loaded,
  secret,
  onSecret,
}: {
  step: Step
  endpoint: Endpoint
  loaded: Loaded<Endpoint>
  secret: string | null
  onSecret: (secret: string) => void
}) {
  const steps = stepsOf(endpoint.format)
  const next = steps[steps.indexOf(step) + 1]
  const forth = next ? linkToStep(next, endpoint.id) : linkTo(['endpoints', endpoint.id])
  if (step === 'secret')
    return <SecretStep endpoint={endpoint} secret={secret} onSecret={onSecret} next={forth} />
  if (step === 'verify')
    return <VerifyStep endpoint={endpoint} onChanged={loaded.set} reload={loaded.reload} next={forth} />
  if (step === 'filter') return <FilterStep endpoint={endpoint} next={forth} />
  if (step === 'test') return <TestStep endpoint={endpoint} next={forth} />
  return <MadeStep endpoint={endpoint} next={forth} />
}

/** Which steps there are, and where one is. Before the endpoint is made the later ones lead nowhere. */
function StepList({ step, endpoint }: { step: Step; endpoint: Endpoint | null }) {
  const steps = endpoint ? stepsOf(endpoint.format) : STEPS
  return (
    <nav aria-label={t.endpoints.wizard.steps}>
      <ol class="steps">
        {steps.map((one) => (
          <li key={one} {...(one === step ? { 'aria-current': 'step' as const } : {})}>
            {endpoint && one !== step ? (
              <a href={linkToStep(one, endpoint.id)}>{t.endpoints.wizard.names[one]}</a>
            ) : (
              <span>{t.endpoints.wizard.names[one]}</span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}

/** Whether a step was shown before in this tab: the first leaves the focus where the page put it. */
let hasShown = false

function StepCard({ step, children }: { step: Step; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (hasShown && step !== 'url') heading.current?.focus()
    hasShown = true
  }, [step])
  return (
    <section class="card step">
      <h2 ref={heading} tabIndex={-1}>
        {t.endpoints.wizard.titles[step]}
      </h2>
      {children}
    </section>
  )
}
