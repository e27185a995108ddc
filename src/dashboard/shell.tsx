/** @module What is around each page: the navigation, who is signed in, whether the connection is there. */
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { linkTo, type Route } from './address.ts'
import type { Failure } from './api.ts'
import { Crash } from './crash.tsx'
import { type Live, type LiveState, startLive } from './live.ts'
import { entryOf, PAGES, type PageName, type PageProps, pageOf } from './pages.ts'
import { Dialog } from './parts/dialog.tsx'
import { FailureNote } from './parts/failure.tsx'
import { Loading } from './parts/loaded.tsx'
import { Page } from './parts/page.tsx'
import { useCan, useSession } from './session.ts'
import { t } from './texts/index.ts'

export function Shell({ route }: { route: Route }) {
  const can = useCan()
  const live = useLiveConnection()
  const main = useRef<HTMLElement>(null)
  const name = pageOf(route.path)
  const needs = name === null ? undefined : entryOf(name).needs
  const isShown = name !== null && (needs === undefined || can(needs))
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {t.shell.skip}
      </button>
      <Head current={name} state={live.state} path={route.path.join('/')} />
      <main ref={main} tabIndex={-1}>
        <LiveBanner state={live.state} tryNow={live.tryNow} />
        {isShown ? <PageOf key={name} name={name} route={route} /> : <Missing />}
      </main>
    </div>
  )
}

function Head({ current, state, path }: { current: PageName | null; state: LiveState; path: string }) {
  const { user } = useSession()
  const can = useCan()
  const [isOpen, setOpen] = useState(false)
  useEffect(() => setOpen(false), [path])
  const names = (Object.keys(PAGES) as PageName[]).filter((name) => {
    const { needs } = entryOf(name)
    return needs === undefined || can(needs)
  })
  const groups = [null, 'watch', 'tell', 'manage'] as const
  return (
    <header class="head">
      <a class="brand" href={linkTo([])}>
        <img src="/favicon.svg" alt="" width="28" height="28" /> Tubewire
      </a>
      <LiveSign state={state} />
      <button
        type="button"
        class="menu"
        aria-expanded={isOpen}
        aria-controls="menu"
        onClick={() => setOpen(!isOpen)}
      >
        {t.shell.menu}
      </button>
      <div id="menu" class={isOpen ? 'drawer open' : 'drawer'}>
        <nav aria-label={t.shell.navigation}>
          {groups.map((group) => (
            <div key={group}>
              {group && <p class="group">{t.shell.groups[group]}</p>}
              <ul>
                {names
                  .filter((name) => entryOf(name).group === group)
                  .map((name) => (
                    <li key={name}>
                      <a
                        href={linkTo(name === 'overview' ? [] : [name])}
                        {...(name === current ? { 'aria-current': 'page' as const } : {})}
                      >
                        {t.nav[name]}
                      </a>
                    </li>
                  ))}
              </ul>
            </div>
          ))}
        </nav>
        <div class="who">
          <p>{t.shell.signedInAs(user.username, t.shell.roles[user.role])}</p>
          <p>
            <a href="/api/docs">{t.shell.reference}</a>
          </p>
          <SignOut />
        </div>
      </div>
    </header>
  )
}

/** Who leaves a machine to others must know that he is not signed out yet. */
function SignOut() {
  const { signOut } = useSession()
  const [failure, setFailure] = useState<Failure | null>(null)
  const go = async () => {
    const failed = await signOut()
    if (failed) setFailure(failed)
  }
  return (
    <>
      <button type="button" onClick={go}>
        {t.shell.signOut}
      </button>
      {failure && (
        <Dialog title={t.shell.stillSignedIn} onClose={() => setFailure(null)}>
          <FailureNote failure={failure} retry={go} />
          <div class="actions">
            <button type="button" onClick={() => setFailure(null)}>
              {t.common.cancel}
            </button>
          </div>
        </Dialog>
      )}
    </>
  )
}

function LiveSign({ state }: { state: LiveState }) {
  const words = state.kind === 'open' ? t.shell.live : t.shell.connecting
  return (
    <span class={`live-sign ${state.kind}`} role="status">
      <i aria-hidden="true" /> {words}
    </span>
  )
}

/** A second of silence is no news; who sees the banner is told when it is over, too. */
const BANNER_AFTER_MS = 1_500
const BACK_FOR_MS = 4_000

function LiveBanner({ state, tryNow }: { state: LiveState; tryNow: () => void }) {
  const [shown, setShown] = useState<'none' | 'lost' | 'back'>('none')
  const { kind } = state
  useEffect(() => {
    if (kind === 'lost' && shown !== 'lost') {
      const timer = setTimeout(() => setShown('lost'), BANNER_AFTER_MS)
      return () => clearTimeout(timer)
    }
    if (kind === 'open' && shown === 'lost') setShown('back')
    if (kind === 'open' && shown === 'back') {
      const timer = setTimeout(() => setShown('none'), BACK_FOR_MS)
      return () => clearTimeout(timer)
    }
    return undefined
  }, [kind, shown])
  if (shown === 'none') return null
  if (shown === 'back')
    return (
      <p class="note good" role="status">
        {t.shell.backAgain}
      </p>
    )
  return (
    <div class="note warn" role="alert">
      <p>{t.shell.lost}</p>
      {state.kind === 'lost' && state.failure.status > 0 && (
        <p lang="en" class="quiet">
          {state.failure.detail}
        </p>
      )}
      <button type="button" onClick={tryNow}>
        {t.shell.tryNow}
      </button>
    </div>
  )
}

/** The stream of the whole page. Each time that it opens, and when it finds the session over, it is asked whose session that is. */
function useLiveConnection(): { state: LiveState; tryNow: () => void } {
  const { check } = useSession()
  const [state, setState] = useState<LiveState>({ kind: 'connecting' })
  const live = useRef<Live | null>(null)
  useEffect(() => {
    const started = startLive((changed) => {
      setState(changed)
      if (changed.kind === 'open') check()
    }, check)
    live.current = started
    return () => started.stop()
  }, [check])
  return { state, tryNow: () => live.current?.tryNow() }
}

type Code = ComponentType<PageProps>
const loaded = new Map<PageName, Code>()

function PageOf({ name, route }: { name: PageName; route: Route }) {
  const [Code, setCode] = useState<Code | 'failed' | null>(() => loaded.get(name) ?? null)
  useEffect(() => {
    if (Code !== null) return
    entryOf(name)
      .load()
      .then(({ default: code }) => {
        loaded.set(name, code)
        setCode(() => code)
      })
      // After an update the code of before is gone.
      .catch(() => setCode('failed'))
  }, [name, Code])
  if (Code === null) return <Loading />
  if (Code === 'failed')
    return (
      <div class="note bad" role="alert">
        <p>{t.failure.stalePage}</p>
        <button type="button" onClick={() => location.reload()}>
          {t.failure.reload}
        </button>
      </div>
    )
  const path = route.path.slice(1)
  return (
    <Crash key={path.join('/')}>
      <Code path={path} query={route.query} />
    </Crash>
  )
}

function Missing() {
  return (
    <Page title={t.failure.pageMissing}>
      <p>
        <a href={linkTo([])}>{t.failure.toOverview}</a>
      </p>
    </Page>
  )
}
