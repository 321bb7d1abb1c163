import { ERRORS, type ErrorCode, errorBodySchema, OPERATIONS, type Operation } from '@entangle/protocol'
import { z } from 'zod'

type JsonSchema = Record<string, unknown>

function toSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const {
    $schema: _,
    '~standard': __,
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema
  return rest
}

const bothTypes = (schema: JsonSchema) => ({
  'application/cbor': { schema },
  'application/json': { schema },
})

function describeOperation(operation: Operation): JsonSchema {
  const request = toSchema(operation.request, 'input')
  const properties = (request['properties'] ?? {}) as Record<string, JsonSchema>
  const required = (request['required'] ?? []) as string[]
  const inPath = [...operation.path.matchAll(/:(\w+)/g)].map(match => match[1] ?? '')
  const inQuery =
    operation.method === 'GET' ? Object.keys(properties).filter(name => !inPath.includes(name)) : []
  const inBody = Object.keys(properties).filter(name => !inPath.includes(name) && !inQuery.includes(name))
  const byStatus = Map.groupBy(operation.errors, (code: ErrorCode) => String(ERRORS[code].status))
  return {
    operationId: operation.name,
    tags: [operation.service],
    summary: operation.summary,
    security:
      operation.auth === 'device'
        ? [{ accessToken: [] }]
        : operation.auth === 'refresh'
          ? [{ refreshCookie: [] }]
          : [],
    parameters: [
      ...inPath.map(name => ({ name, in: 'path', required: true, schema: properties[name] ?? {} })),
      ...inQuery.map(name => ({
        name,
        in: 'query',
        required: required.includes(name),
        schema: properties[name] ?? {},
      })),
    ],
    ...(operation.method === 'GET' || inBody.length === 0
      ? {}
      : {
          requestBody: {
            required: true,
            content: bothTypes({
              ...request,
              properties: Object.fromEntries(inBody.map(name => [name, properties[name] ?? {}])),
              required: required.filter(name => inBody.includes(name)),
            }),
          },
        }),
    responses: {
      200: { description: 'Done.', content: bothTypes(toSchema(operation.response, 'output')) },
      ...Object.fromEntries(
        [...byStatus].map(([status, codes]) => [
          status,
          { description: codes.join(', '), content: bothTypes({ $ref: '#/components/schemas/Error' }) },
        ]),
      ),
    },
  }
}

/** OpenAPI 3.1 of everything the server answers, from the same values that mount it. */
export function describeApi(server: string): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {}
  for (const operation of Object.values(OPERATIONS) as Operation[]) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describeOperation(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Entangle',
      version: '1',
      description: 'Binary fields are byte strings in CBOR and base64url text in JSON.',
    },
    servers: [{ url: server }],
    paths,
    components: {
      schemas: { Error: toSchema(errorBodySchema, 'output') },
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        refreshCookie: { type: 'apiKey', in: 'cookie', name: '__Host-entangle-refresh' },
      },
    },
  }
}
