/** @module Where a request may go, by its URL alone. */
import { describe, expect, it } from 'vitest'
import { targetProblem } from '../../src/http/target.ts'

const OWN = ['tubewire.example', 'console.tubewire.example:8443']

/** What `URL` does not take is refused before anybody looks at it: the API says that it must be an absolute URL. */
function isRefused(text: string): boolean {
  const url = URL.parse(text)
  return url === null || targetProblem(url, { allowLocal: false, ownHosts: OWN }) !== null
}

/** Hosts that are refused, by what is wrong with them. */
const HOSTILE_HOSTS: Readonly<Record<string, readonly string[]>> = {
  'this machine (RFC 1122, 3.2.1.3)': ['127.0.0.1', '127.255.255.254', '127.0.1.1', '0.0.0.0', '0.1.2.3'],
  'private (RFC 1918)': [
    ...['10.0.0.0', '10.1.2.3', '10.255.255.255'],
    ...['172.16.0.1', '172.31.255.255', '192.168.0.0', '192.168.1.1', '192.168.255.255'],
  ],
  'link-local (RFC 3927), with the metadata of most clouds': [
    '169.254.0.1',
    '169.254.169.254',
    '169.254.42.42',
  ],
  'metadata elsewhere: Alibaba, Oracle, Azure': ['100.100.100.200', '192.0.0.192', '168.63.129.16'],
  'shared by customers of a provider (RFC 6598)': ['100.64.0.1', '100.127.255.255'],
  'multicast, reserved, broadcast (RFC 5771, RFC 1112)': [
    ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '250.1.2.3', '255.255.255.254', '255.255.255.255'],
  ],
  'documentation and benchmarks (RFC 5737, RFC 2544)': [
    ...['192.0.2.1', '198.51.100.7', '203.0.113.9', '198.18.0.1', '198.19.255.255'],
  ],
  'protocols (RFC 6890; 6to4 relays, RFC 7526; AMT, RFC 7450; AS112, RFC 7534 and 7535)': [
    ...['192.0.0.1', '192.0.0.170', '192.88.99.1', '192.52.193.1', '192.175.48.1', '192.31.196.1'],
  ],

  'IPv4 as one decimal number': ['2130706433', '0', '167772161', '3232235777', '2852039166', '4294967295'],
  'IPv4 in hexadecimal': ['0x7f000001', '0x7F.0x0.0x0.0x1', '0xa9fea9fe', '0xC0A80101', '0x0', '0xffffffff'],
  'IPv4 in octal': [
    '0177.0.0.1',
    '017700000001',
    '0300.0250.1.1',
    '0251.0376.0251.0376',
    '00000000000177.0.0.01',
  ],
  'IPv4 in short': ['127.1', '127.0.1', '10.1', '192.168.257', '0x7f.1', '0', '169.254.43518', '172.1048577'],
  'IPv4 in several of these at once': ['0x7f.0.0.01', '127.0x0.00.1', '0300.168.0x101', '0xa9.254.0251.254'],
  'IPv4 with dots at the end': [
    '127.0.0.1.',
    '127.1.',
    '2130706433.',
    '0x7f000001.',
    '10.0.0.1..',
    '1.2.3.4..',
  ],
  'IPv4 in other digits and with other dots': [
    ...['１２７.0.0.1', '①②⑦.⓪.⓪.①', '𝟭𝟮𝟳.𝟬.𝟬.𝟭', '¹²⁷.⁰.⁰.¹', '127。0。0。1', '127．0．0．1', '127｡0｡0｡1'],
    ...['０x7f000001', '١٢٧.0.0.1', '१२७.0.0.1', '1２7.1'],
    ...[
      '१२७.०.०.१',
      '۱۲۷.۰.۰.۱',
      '๑๒๗.๐.๐.๑',
      '𑁧𑁨𑁭.𑁦.𑁦.𑁧',
      '१६९.२५४.१६९.२५४',
      '❶❷❼.⓿.⓿.❶',
      'a.0x७f',
      'a.०x७f',
    ],
  ],
  'IPv4 that is escaped, or has invisible signs in it': [
    ...[
      '%31%32%37.0.0.1',
      '127%2e0%2e0%2e1',
      '127.0.0.%31',
      '127.0\u00ad.0.1',
      '127.0.0\u200b.1',
      '127.0.0.1%00',
    ],
  ],
  'what looks like an IPv4 address and is none': [
    ...[
      '256.0.0.1',
      '999.1.1.1',
      '1.2.3.4.5',
      '4294967296',
      '0x100000000',
      '08.1.1.1',
      '0b1.1.1.1',
      '10.2.3.',
    ],
    ...['host.1', 'host.0x7f', 'receiver.example.127', '-1.0.0.1', '127.0.0.1-'],
  ],

  'IPv6: this machine, and none': ['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::0.0.0.1]'],
  'IPv6: link-local, site-local, unique local, with the metadata of AWS': [
    ...['[fe80::1]', '[febf::1]', '[fec0::1]', '[feff::1]', '[fc00::1]', '[fdff:ffff::1]', '[fd00:ec2::254]'],
    ...['[fd20:ce::254]', '[fe80::a9fe:a9fe]'],
  ],
  'IPv6: with a zone (RFC 6874)': ['[fe80::1%25eth0]', '[fe80::1%eth0]', '[2606:4700:4700::1111%251]'],
  'IPv6: multicast, discarded, segment routing (RFC 6666, RFC 9602)': [
    '[ff02::1]',
    '[ff0e::1]',
    '[100::1]',
    '[5f00::1]',
  ],
  'IPv6: documentation, benchmarks (RFC 3849, RFC 9637, RFC 5180)': [
    '[2001:db8::1]',
    '[3fff::1]',
    '[3fff:fff::1]',
    '[2001:2::1]',
  ],
  'IPv6: Teredo, ORCHID, drones, AMT, AS112 and others of 2001::/23': [
    ...['[2001::1]', '[2001:0:7f00:1::]', '[2001:10::1]', '[2001:20::1]', '[2001:30::1]', '[2001:1ff::1]'],
    ...['[2001:3::1]', '[2001:4:112::1]', '[2620:4f:8000::1]'],
  ],
  'IPv6: mapped IPv4 (RFC 4291, 2.5.5.2), of whatever address': [
    ...[
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::ffff:a9fe:a9fe]',
      '[0:0:0:0:0:ffff:10.0.0.1]',
      '[::FFFF:8.8.8.8]',
    ],
  ],
  'IPv6: "compatible" and translated IPv4 (RFC 4291, 2.5.5.1; RFC 2765)': [
    ...['[::127.0.0.1]', '[::7f00:1]', '[::10.0.0.1]', '[::ffff:0:127.0.0.1]', '[::ffff:0:7f00:1]'],
  ],
  'IPv6: NAT64 (RFC 6052, RFC 8215)': [
    ...['[64:ff9b::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b::8.8.8.8]'],
    ...['[64:ff9b:1::7f00:1]', '[64:ff9b:1:ffff::1]'],
  ],
  'IPv6: 6to4 and ISATAP (RFC 3056, RFC 5214)': [
    ...[
      '[2002:7f00:1::]',
      '[2002:a00:1::1]',
      '[2002:808:808::1]',
      '[2606:4700::5efe:7f00:1]',
      '[2606:4700::200:5efe:10.0.0.1]',
    ],
  ],
  'IPv6: not given out, or given back': [
    '[1::1]',
    '[4000::1]',
    '[8000::1]',
    '[e000::1]',
    '[200::1]',
    '[3ffe::1]',
  ],
  'IPv6: none at all': [
    '[::1',
    '[]',
    '[:::1]',
    '[1:2:3:4:5:6:7:8:9]',
    '[::1].',
    '[12345::]',
    '::1',
    '[::127.1]',
  ],

  'localhost (RFC 6761, 6.3)': [
    ...[
      'localhost',
      'LOCALHOST',
      'localhost.',
      'localhost..',
      'a.localhost',
      'a.b.localhost.',
      'localhost.localdomain',
    ],
    ...['localhost.receiver.example', 'localhost6', 'ip6-localhost'],
    ...['localhost4.localdomain4', 'localhost6.localdomain6'],
  ],
  'localhost in other signs, which are the same': [
    ...[
      'ⓛocalhost',
      'ｌｏｃａｌｈｏｓｔ',
      '𝓁𝓸𝒸𝒶𝓁𝒽ℴ𝓈𝓉',
      'local\u00adhost',
      'local\u200bhost',
      'loca\u2060lhost',
      'localhoſt',
    ],
    ...['%6c%6f%63alhost', 'localhost%2e', 'localhost。'],
  ].flatMap((name) => [name, `a.${name}`]),
  'localhost by its looks: Cyrillic, Greek, Armenian, digits, accents, small capitals': [
    ...[
      'lоcalhost',
      'xn--lcalhost-nbh',
      'localhοst',
      'ӏocalhost',
      'loсalhost',
      'locаlhost',
      'localհost',
      'locaӏһоѕт',
    ],
    ...[
      'l0calhost',
      '1ocalhost',
      'łocalhost',
      'lócalhost',
      'localhos\u0323t',
      'ʟᴏᴄᴀʟʜᴏꜱᴛ',
      'lоcalhost.receiver.example',
    ],
    ...['lоcalhost.', 'local\u200dhost'],
    ...[
      'ꓡꓳꓚꓮꓡꓧꓳꓢꓔ',
      'ᏞᎾᏟᎪᏞᎻᎾᏚᎢ',
      'lⲟⲥalhⲟsⲧ',
      'ǀocaꞁhost',
      'ŀocalhost',
      'lөcalhost',
      'localɦosƭ',
      'l〇calhost',
      'l๐calh०st',
    ],
  ].flatMap((name) => [name, `a.${name}`]),
  'localhost and others in punycode that is none': [
    ...[
      'xn--localhost-.receiver.example',
      'receiver.xn--localhost-',
      'printer.xn--local-',
      'xn--a-0.receiver.example',
    ],
  ],
  'other names that only look it': ['printer.lоcal', 'metadata.google.intеrnal', 'wiki.соrp', 'xn--a'],
  'a name without a dot': [
    'intranet',
    'router',
    'metadata',
    'instance-data',
    'kubernetes',
    'com',
    'peertube.',
  ],
  'names of private networks (RFC 6762, RFC 8375, ICANN)': [
    ...[
      'printer.local',
      'PRINTER.LOCAL.',
      'nas.lan',
      'nas.home',
      'nas.home.arpa',
      'wiki.corp',
      'wiki.intranet',
    ],
    ...[
      'a.private',
      'a.internal',
      'host.docker.internal',
      'kubernetes.default',
      'kubernetes.default.svc',
      'api.svc.cluster.local',
      'vault.service.consul',
    ],
  ],
  'names of no network, or of another one (RFC 6761, RFC 7686, RFC 9476, RFC 3172)': [
    ...[
      'a.test',
      'a.invalid',
      'hidden.onion',
      'sub.hidden.onion.',
      'name.alt',
      '1.0.0.127.in-addr.arpa',
      'ipv4only.arpa',
    ],
  ],
  'metadata by name': [
    ...[
      'metadata.google.internal',
      'metadata.google.internal.',
      'instance-data.ec2.internal',
      'metadata.goog',
    ],
    ...[
      'metadata.azure.com',
      'metadata.azure.internal',
      'metadata.tencentyun.com',
      'api.metadata.cloud.ibm.com',
    ],
    ...['metadata.platformequinix.com', 'metadata.packet.net'],
  ],
  'names that resolve to what is written in them, or to 127.0.0.1': [
    ...[
      '127.0.0.1.nip.io',
      '10-0-0-1.sslip.io',
      'app.192.168.1.1.xip.io',
      '7f000001.c0a80001.rbndr.us',
      'localtest.me',
    ],
    ...[
      'a.lvh.me',
      'a.vcap.me',
      'a.traefik.me',
      'make-1.2.3.4-rebind-127.0.0.1-rr.1u.ms',
      'lacolhost.com',
      'a.localho.st',
    ],
  ],
  'our own': [
    'tubewire.example',
    'TUBEWIRE.example.',
    'tubewire.example:8443',
    'console.tubewire.example',
    'tubewire.example。',
  ],
  'names that are none': [
    ...[
      'a..example',
      '.receiver.example',
      'receiver.example..',
      'a,b.example',
      'a!b.example',
      'a b.example',
      'a\u0000.example',
    ],
    ...[`${'a'.repeat(64)}.example`, `${'a.'.repeat(130)}example`, '', '..', 'localhost%00.receiver.example'],
  ],
}

/** Whole URLs that are refused. */
const HOSTILE_URLS: Readonly<Record<string, readonly string[]>> = {
  'not https': [
    'http://receiver.example/',
    'ws://receiver.example/',
    'wss://receiver.example/',
    'ftp://receiver.example/',
  ],
  'not of the web': [
    ...[
      'file:///etc/passwd',
      'file://receiver.example/',
      'javascript:alert(1)',
      'data:text/plain,x',
      'blob:https://a.example/1',
    ],
    ...[
      'gopher://receiver.example/',
      'about:blank',
      'view-source:https://a.example/',
      'mailto:a@receiver.example',
    ],
  ],
  'a user or a password': [
    ...[
      'https://user:pass@receiver.example/',
      'https://user@receiver.example/',
      'https://:pass@receiver.example/',
    ],
    ...[
      'https://receiver.example@127.0.0.1/',
      'https://8.8.8.8:443@10.0.0.1/',
      'https://a%40b:c@receiver.example/',
    ],
  ],
  'a well-known port': [
    ...[
      'https://receiver.example:22/',
      'https://receiver.example:80/',
      'https://receiver.example:25/',
      'https://receiver.example:1023/',
    ],
    ...[
      'https://receiver.example:0/',
      'https://8.8.8.8:53/',
      'https://receiver.example:00022/',
      'https://receiver.example:65536/',
    ],
    ...['https://receiver.example:-1/', 'https://receiver.example:２２/'],
  ],
  'a host that is another one to a careless reader': [
    ...[
      'https:\\\\127.0.0.1\\',
      'https:127.0.0.1',
      'https:///127.0.0.1',
      'https://127.0.0.1\\@receiver.example/',
    ],
    ...[
      'https://127.0.0.1#@receiver.example/',
      'https://127.0.0.1?@receiver.example/',
      ' https://127.0.0.1/',
      'https://1\t27.0.0.1/',
    ],
    ...[
      'https://127.0.0.1:443/',
      'HTTPS://LOCALHOST:443/',
      'https://[::1]:8443/',
      'https://2130706433:8443/',
      'https://127.1:65535/',
    ],
  ],
  nothing: ['', 'https://', 'https:', '//receiver.example/', 'receiver.example', '/hook', 'nonsense'],
}

/** What people have: all allowed. */
const LEGAL: readonly string[] = [
  ...[
    'https://receiver.example',
    'https://receiver.example/',
    'https://receiver.example/hook?x=1#y',
    'HTTPS://RECEIVER.EXAMPLE/',
  ],
  ...[
    'https://receiver.example./',
    'https://receiver.example:443/',
    'https://receiver.example:00443/',
    'https://a.b.c.d.e.receiver.example/',
  ],
  ...['https://receiver.example:1024/', 'https://receiver.example:8443/', 'https://receiver.example:65535/'],
  // Public addresses beside those that are not.
  ...[
    'https://8.8.8.8/',
    'https://1.1.1.1:8443/',
    'https://9.255.255.255/',
    'https://11.0.0.0/',
    'https://126.255.255.255/',
  ],
  ...[
    'https://128.0.0.1/',
    'https://100.63.255.255/',
    'https://100.128.0.1/',
    'https://169.253.255.255/',
    'https://169.255.0.1/',
  ],
  ...[
    'https://172.15.255.255/',
    'https://172.32.0.1/',
    'https://192.167.255.255/',
    'https://192.169.0.1/',
    'https://192.0.1.1/',
  ],
  ...[
    'https://198.17.255.255/',
    'https://198.20.0.1/',
    'https://223.255.255.255/',
    'https://134744072/',
    'https://0x08080808/',
  ],
  ...[
    'https://[2606:4700:4700::1111]/',
    'https://[2001:4860:4860::8888]:8443/',
    'https://[2a00:1450::1]/',
    'https://[2001:200::1]/',
  ],
  // Names in other scripts, and names that begin, end or go on like those that are refused.
  ...[
    'https://xn--bcher-kva.example/',
    'https://bücher.example/',
    'https://пример.example/',
    'https://१२७.example/',
    'https://xn--i-7iq.example/',
    'https://подробно.рф/',
    'https://例え.example/',
    'https://ελλάδα.example/',
  ],
  ...[
    'https://localhosts.example/',
    'https://my-localhost.example/',
    'https://local.example/',
    'https://internal.example/',
    'https://onion.example/',
  ],
  ...[
    'https://metadata.example/',
    'https://corp.example/',
    'https://10.0.0.1.example/',
    'https://127.0.0.1.receiver.example/',
    'https://0x7f.example/',
  ],
  ...['https://notnip.io/', 'https://nip.io.receiver.example/', 'https://nip.example/'],
  ...[
    'https://my_bucket.receiver.example/',
    'https://a-.receiver.example/',
    'https://123.example/',
    'https://receiver.community/',
  ],
  // Ours is neither a name above it, nor beside it, nor one that ends alike.
  ...[
    'https://www.tubewire.example/',
    'https://nottubewire.example/',
    'https://tubewire.example.receiver.example/',
  ],
  ...[
    'https://receiver.example/https://127.0.0.1/',
    'https://receiver.example/@127.0.0.1',
    'https://receiver.example/?u=http://localhost',
  ],
  `https://${'a'.repeat(63)}.example/`,
]

describe('targetProblem', () => {
  const hosts = Object.entries(HOSTILE_HOSTS).map(
    ([kind, names]) => [kind, names.map((name) => `https://${name}/`)] as const,
  )
  const hostile = [...hosts, ...Object.entries(HOSTILE_URLS)]

  it('is tested with at least 150 forms that are refused, and 30 that are not, none of them twice', () => {
    const forms = hostile.flatMap(([, urls]) => urls)
    expect(new Set(forms).size).toBeGreaterThanOrEqual(386)
    expect(new Set(LEGAL).size).toBeGreaterThanOrEqual(67)
    expect(new Set(LEGAL).size).toBe(LEGAL.length)
  })

  it.each(hostile)('refuses %s', (_kind, urls) => {
    expect(urls.filter((url) => !isRefused(url))).toEqual([])
  })

  it.each(LEGAL)('allows %s', (url) => {
    expect(targetProblem(new URL(url), { allowLocal: false, ownHosts: OWN })).toBeNull()
  })

  it.each([
    ['http://10.0.0.1/x', 'must be https (got http://10.0.0.1)'],
    ['https://127.1/', 'must be public, and this is a local or reserved address (got https://127.0.0.1)'],
    ['https://lоcalhost/', 'must be public, and this is no public name (got https://xn--lcalhost-nbh)'],
    ['https://user:pass@receiver.example/', 'must not carry a user or a password'],
    [
      'https://receiver.example:22/',
      'must use the default port or one above 1023 (got https://receiver.example:22)',
    ],
    ['https://tubewire.example:9000/', "must not be Tubewire's own host (got https://tubewire.example:9000)"],
    ['javascript:alert(1)', 'must be https (got javascript:)'],
  ])('says of %s what is wrong, and never its path or its password', (url, problem) => {
    expect(targetProblem(new URL(url), { allowLocal: false, ownHosts: OWN })).toBe(problem)
  })

  it('allows local addresses and http on a laptop, but no passwords, no other schemes, and not itself', () => {
    const allowed = (url: string) =>
      targetProblem(new URL(url), { allowLocal: true, ownHosts: ['localhost:8787'] }) === null
    for (const url of [
      'http://localhost:9000',
      'http://192.168.1.1/',
      'http://[::1]:22/',
      'https://nas.local/',
    ])
      expect(allowed(url), url).toBe(true)
    const own = [
      'localhost:8787',
      '127.0.0.1:8787',
      '[::1]:8787',
      '0.0.0.0:8787',
      '[::]:8787',
      '[::ffff:127.0.0.1]:8787',
      '[::ffff:0.0.0.0]:8787',
      'LOCALHOST.:8787',
      'a.localhost:8787',
    ]
    for (const url of [
      'http://user:pass@localhost/',
      'javascript:alert(1)',
      ...own.map((host) => `http://${host}/hook`),
    ])
      expect(allowed(url), url).toBe(false)
  })
})
