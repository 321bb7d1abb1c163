import { readFile } from 'node:fs/promises'
import { ERROR_CODES, ERRORS, OPERATIONS, type Operation } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { describeSettings } from '../../src/config.ts'
import { describeApi } from '../../src/http/openapi.ts'

const read = (name: string) => readFile(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8')

test('docs/configuration.md is the table of settings', async () => {
  expect(await read('configuration.md')).toBe(describeSettings())
})

test('P15 docs/errors.md and the catalogue name the same errors', async () => {
  const rows = [
    ...(await read('errors.md')).matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \| ([\w-]+) \| (.*) \|$/gm),
  ]
  const documented = rows.map(([, code, number, status, retry, message]) => ({
    code,
    number,
    status,
    retry,
    message,
  }))
  const catalogue = ERROR_CODES.map(code => {
    const { number, status, retry, message } = ERRORS[code]
    return { code, number: String(number), status: String(status), retry, message }
  })
  expect(documented).toEqual(catalogue)
})

test('P16 the OpenAPI document describes every operation, and nothing else', () => {
  const api = describeApi('http://localhost') as {
    openapi: string
    paths: Record<
      string,
      Record<string, { operationId: string; requestBody?: unknown; parameters: { name: string }[] }>
    >
  }
  expect(api.openapi).toBe('3.1.0')
  const described = Object.values(api.paths).flatMap(path =>
    Object.values(path).map(each => each.operationId),
  )
  expect(described.sort()).toEqual(Object.keys(OPERATIONS).sort())
  for (const operation of Object.values(OPERATIONS) as Operation[]) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}')
    const entry = api.paths[path]?.[operation.method.toLowerCase()]
    const named = [...operation.path.matchAll(/:(\w+)/g)].map(match => match[1])
    expect(entry?.parameters.map(parameter => parameter.name)).toEqual(expect.arrayContaining(named))
  }
})
