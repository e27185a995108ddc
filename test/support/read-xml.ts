/** @module XML as libxml2 reads it: it forgives nothing. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RelaxNGValidator, XmlDocument, XmlElement } from 'libxml2-wasm'

type Node = { name: string; attributes: Record<string, string>; text: string; children: Node[] }

const schema = XmlDocument.fromString(readFileSync(join(import.meta.dirname, '../feeds/atom.rng'), 'utf8'))
const validator = RelaxNGValidator.fromDoc(schema)

/** The document's root, names with the prefixes that it has. @throws when it is not well-formed. */
export function readXml(xml: string): Node {
  using document = XmlDocument.fromString(xml)
  return nodeOf(document.root)
}

/** The same of a document that is Atom. @throws when it is not well-formed, or not as RFC 4287's schema has it. */
export function readAtom(xml: string): Node {
  using document = XmlDocument.fromString(xml)
  validator.validate(document)
  return nodeOf(document.root)
}

function nodeOf(element: XmlElement): Node {
  const children: Node[] = []
  for (let child = element.firstChild; child !== null; child = child.next)
    if (child instanceof XmlElement) children.push(nodeOf(child))
  return {
    name: nameOf(element),
    attributes: Object.fromEntries(element.attrs.map((attribute) => [nameOf(attribute), attribute.value])),
    text: element.content,
    children,
  }
}

function nameOf({ prefix, name }: { prefix: string; name: string }): string {
  return prefix === '' ? name : `${prefix}:${name}`
}
