/** @module A reader of CSV that knows nothing of how ours is written: RFC 4180, letter by letter. */

/** The records of a file, each a list of fields. @throws Error where the file is not as RFC 4180 has it. */
export function parseCsv(text: string): string[][] {
  const records: string[][] = []
  let at = 0
  const field = (): string => {
    let value = ''
    if (text[at] !== '"') {
      while (at < text.length && text[at] !== ',' && text[at] !== '\r') {
        if (text[at] === '"' || text[at] === '\n')
          throw new Error(`${JSON.stringify(text[at])} in a bare field, at ${at}`)
        value += text[at++]
      }
      return value
    }
    for (at += 1; ; at += 1) {
      if (at >= text.length) throw new Error('the file ends within quotes')
      if (text[at] === '"' && text[++at] !== '"') return value
      value += text[at]
    }
  }
  while (at < text.length) {
    const record = [field()]
    while (text[at] === ',') {
      at += 1
      record.push(field())
    }
    if (text.slice(at, at + 2) !== '\r\n') throw new Error(`no CRLF after a record, at ${at}`)
    at += 2
    records.push(record)
  }
  return records
}
