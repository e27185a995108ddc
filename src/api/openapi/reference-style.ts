/** @module How the reference page looks: no font, picture or script of anybody else. */

export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --mark: #e85d04; }
* { box-sizing: border-box; }
body { margin: 0; display: flex; font: 16px/1.5 system-ui, sans-serif; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; flex: 0 0 17rem; padding: 1rem; border-right: 1px solid var(--line); font-size: .875rem; }
nav a { display: block; color: inherit; text-decoration: none; padding: .1rem 0; }
nav a:hover, nav a:focus { text-decoration: underline; }
nav strong { display: block; margin-top: 1rem; }
.home { font-weight: bold; font-size: 1.1rem; }
main { flex: 1; min-width: 0; max-width: 60rem; padding: 1rem 2rem; }
article, section { scroll-margin-top: 1rem; }
article { border-top: 1px solid var(--line); padding: 1rem 0; }
article:target, dt:target { outline: 2px solid var(--mark); outline-offset: .5rem; }
.route b { color: var(--mark); }
.who { font-size: .875rem; opacity: .8; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .9rem; }
caption { text-align: left; font-weight: bold; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem .25rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: normal; white-space: nowrap; }
pre { overflow: auto; padding: .75rem; border: 1px solid var(--line); border-radius: .3rem; font-size: .85rem; }
small { opacity: .7; }
dt { margin-top: .5rem; }
dd { margin-left: 1.5rem; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; border: 0; } main { padding: 1rem; } }
`
