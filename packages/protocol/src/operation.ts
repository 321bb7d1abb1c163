import { z } from 'zod'
import type { ErrorCode } from './errors.ts'

/** Who may call: anyone, a signed-in device, or the holder of the refresh cookie. */
export type OperationAuth = 'none' | 'device' | 'refresh'

/**
 * One HTTP operation. The server mounts it, the client calls it and the OpenAPI document describes it
 * from this one value. Parameters in the path (`:accountId`) are fields of `request` as well; on GET
 * the other fields travel in the query.
 */
export type Operation<
  Request extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
  Auth extends OperationAuth = OperationAuth,
> = {
  readonly name: string
  readonly service: 'auth' | 'keys' | 'chat'
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: `/v1/${string}`
  readonly auth: Auth
  readonly summary: string
  readonly request: Request
  readonly response: Response
  readonly errors: readonly ErrorCode[]
  /** Largest request body in bytes, where it is not the ordinary one. */
  readonly bodyLimitBytes?: number
}

export const defineOperation = <
  Request extends z.ZodType,
  Response extends z.ZodType,
  Auth extends OperationAuth,
>(
  operation: Operation<Request, Response, Auth>,
): Operation<Request, Response, Auth> => operation

export const emptySchema = z.strictObject({})

/** What the body of an error answer holds. */
export const errorBodySchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    retry: z.enum(['never', 'later', 'after-change']),
    details: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  }),
})
export type ErrorBody = z.infer<typeof errorBodySchema>
