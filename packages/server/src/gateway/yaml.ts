/** What a declarative file is made of. */
export type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain }

const isScalar = (value: Plain): value is string | number | boolean => typeof value !== 'object'
const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value)

/** What fits on the line of its key: scalars, lists of them, and what is empty. */
function onOneLine(value: Plain): string | undefined {
  // A JSON string is a YAML string, with the same escapes.
  if (isScalar(value)) return JSON.stringify(value)
  if (isList(value)) return value.every(isScalar) ? `[${value.map(onOneLine).join(', ')}]` : undefined
  return Object.keys(value).length === 0 ? '{}' : undefined
}

function linesOf(value: Plain): string[] {
  const short = onOneLine(value)
  if (short !== undefined) return [short]
  if (isList(value)) {
    return value.flatMap(entry => linesOf(entry).map((line, at) => `${at === 0 ? '- ' : '  '}${line}`))
  }
  return Object.entries(value as { readonly [key: string]: Plain }).flatMap(([key, field]) => {
    const text = onOneLine(field)
    return text === undefined ? [`${key}:`, ...linesOf(field).map(line => `  ${line}`)] : [`${key}: ${text}`]
  })
}

/** YAML of a tree whose keys are plain words. */
export const toYaml = (value: Plain): string => `${linesOf(value).join('\n')}\n`
