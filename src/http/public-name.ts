/** @module Which names may be those of public hosts: what can be said without asking anybody for their addresses. */
import { domainToUnicode } from 'node:url'

/** Names of no host of the internet, with all that is under them. */
const NOT_PUBLIC: ReadonlySet<string> = new Set([
  // RFC 6761, 6.2 to 6.4. Its `example` never resolves either, and may stand in texts and tests.
  'localhost',
  'test',
  'invalid',
  // RFC 6762, 3: whoever is on the same wire.
  'local',
  // RFC 7686: Tor.
  'onion',
  // RFC 9476: names of other systems.
  'alt',
  // RFC 3172: the internet's own records. Under it is home.arpa (RFC 8375), a house's network.
  'arpa',
  // Kept for private networks by ICANN, 2024. Cloud providers have their metadata under it.
  'internal',
  // What private networks use without asking (RFC 6762, appendix G); ICANN gives them to nobody.
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'localdomain',
  // What many a machine calls itself beside it.
  'localdomain4',
  'localdomain6',
  // Clusters: Kubernetes (kubernetes.default is its API), Consul.
  'svc',
  'kubernetes.default',
  'consul',

  // Metadata of cloud machines under names that everybody may ask for: Google, Azure, Tencent, IBM, Equinix.
  'metadata.goog',
  'metadata.azure.com',
  'metadata.tencentyun.com',
  'metadata.cloud.ibm.com',
  'metadata.platformequinix.com',
  'metadata.packet.net',

  // Names that resolve to whatever address is written in them, or to 127.0.0.1. There are more, and anybody can make one: it is
  // DNS over HTTPS (resolve.ts) that finds them, where that is configured.
  'nip.io',
  'sslip.io',
  'xip.io',
  'traefik.me',
  '1u.ms',
  'rbndr.us',
  'localtest.me',
  'lvh.me',
  'vcap.me',
  'lacolhost.com',
  'localho.st',
])

/** RFC 1035, 2.3.4. */
const MAX_NAME = 253
/** RFC 1123, 2.1, and the underscore that some have in spite of it. */
const LABEL = /^[a-z0-9_-]{1,63}$/

/**
 * Whether a name may be a public host's. It says nothing of the addresses that it resolves to.
 * @param hostname as `URL` writes it, in lower case and punycode. One dot at its end is the root, and changes nothing.
 */
export function isPublicName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '')
  const labels = name.split('.')
  // A name without a dot resolves, if at all, in the network we are in.
  if (labels.length < 2 || name.length > MAX_NAME || !labels.every((label) => LABEL.test(label))) return false
  const decoded = domainToUnicode(name)
  // Punycode of nothing that IDNA has, which `URL` leaves as it is. Others may decode it all the same: `xn--localhost-`.
  if (/(^|\.)xn--/.test(decoded)) return false
  const shown = inAsciiDigits(decoded)
  // Addresses in a notation that `URL` did not take for one.
  if (/(^|\.)(0x[0-9a-f]*|\P{L}*)$/u.test(shown)) return false
  const look = skeleton(shown)
  return !isListed(name) && !isListed(look) && !look.split('.').includes('localhost')
}

/** Whether a name is, or is under, one of those that are not public. */
function isListed(name: string): boolean {
  return name.split('.').some((_, index, labels) => NOT_PUBLIC.has(labels.slice(index).join('.')))
}

/** `१२७` is 127: what reads numbers may read those of any script. Their digits stand together, from 0 to 9. */
function inAsciiDigits(name: string): string {
  return name.replace(/\p{Nd}/gu, (digit) => {
    const at = digit.codePointAt(0) ?? 0
    let value = 0
    while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(at - value - 1))) value += 1
    return String(value)
  })
}

/**
 * What a name looks like, in ASCII: `lоcalhost` with a Cyrillic о (`xn--lcalhost-nbh`) is a `localhost`. Nobody means such a name
 * well, and what takes the one for the other somewhere behind us is not ours to know. It is the idea of the skeletons of
 * UTS 39, 4, whose table has thousands of letters: these are the ones that the names above are written with.
 */
function skeleton(name: string): string {
  const plain = name.normalize('NFKD').replace(/[\p{M}·]/gu, '')
  return Array.from(plain, (letter) => LOOKS[letter] ?? letter).join('')
}

/** Letters of Cyrillic, Greek, Armenian, Coptic, Cherokee and Lisu, small capitals, struck-through ones and digits, by their looks. */
const LOOKS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    a: 'аαɑᴀᎪꓮ',
    c: 'сϲᴄȼƈⲥᏟꓚ',
    d: 'ԁɗᴅđᎠꓓ',
    e: 'еєεᴇɇⲉᎬꓰ',
    h: 'һհʜħɦꜧⱨⲏᎻꓧ',
    i: 'іιıɪɩⲓᎥꓲ',
    l: '1ӏłʟƚɭןǀꞁᏞꓡ',
    m: 'мᴍⲙᎷꓟ',
    n: 'ոɴŋηƞⲛꓠ',
    o: '0оοσօᴏøסɵөѳθ〇ㅇꬽⲟᎾꓳ',
    p: 'рρᴘⲣᏢꓑ',
    r: 'гʀɼⲅᎡᏒꓣ',
    s: 'ѕꜱʂ5ᏚꓢᏕ',
    t: 'тτᴛŧƭⲧᎢꓔ',
    u: 'υսᴜꓴ',
    v: 'ѵνᴠᏙꓦ',
  }).flatMap(([plain, letters]) => Array.from(letters, (letter) => [letter, plain])),
)
