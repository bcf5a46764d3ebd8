/** A check that SVG files are XML. */

/** Throws unless the text is one well-formed element: tags nest, attributes are quoted, entities are known. */
export function checkXml(xml: string): void {
  const token =
    /<(\/?)([a-z]+)((?: [a-zA-Z0-9:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot|apos);[^"<&]*)*")*)(\/?)>|([^<]+)/y;
  const open: string[] = [];
  let roots = 0;
  while (token.lastIndex < xml.trimEnd().length) {
    const match = token.exec(xml);
    if (match === null) throw new Error('a tag is malformed');
    const [, closing, name, , empty, text] = match;
    if (text !== undefined) {
      if (/&(?!(?:amp|lt|gt|quot|apos);)|\p{Cc}/u.test(text.replaceAll('\n', '')))
        throw new Error(`bad text ${text}`);
    } else if (closing === '/') {
      if (open.pop() !== name) throw new Error(`${name} is closed but not open`);
    } else {
      if (open.length === 0) roots++;
      if (empty === '') open.push(name as string);
    }
  }
  if (open.length > 0 || roots !== 1) throw new Error('not one element');
}
