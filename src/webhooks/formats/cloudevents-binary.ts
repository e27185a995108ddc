/**
 * @module CloudEvents 1.0.2 in the binary mode of HTTP: the attributes are headers, and the body is the data.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md (3.1)
 */
import { cloudEvent } from './cloudevents.ts'
import { json, type Writer } from './format.ts'

/** There is no binary batch: the headers are of one event. */
export const cloudeventsBinary: Writer = {
  one: (event, options) => {
    const { attributes, data } = cloudEvent(event, options)
    const { datacontenttype, ...others } = attributes
    const { headers, body } = json(data, String(datacontenttype))
    for (const [name, value] of Object.entries(others)) headers[`ce-${name}`] = encoded(String(value))
    return { headers, body }
  },
}

/** "3.1.3.2. HTTP Header Values": all but the visible characters of ASCII, and `"` and `%`, as percent-encoded UTF-8. */
function encoded(value: string): string {
  return value.toWellFormed().replace(/[^\u0021-\u007e]|["%]/gu, encodeURIComponent)
}
