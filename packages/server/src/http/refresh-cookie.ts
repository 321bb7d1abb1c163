import type { FastifyReply, FastifyRequest } from 'fastify'
import type { NewRefreshToken } from './route.ts'

/** The prefix binds the cookie to this host, to HTTPS (or loopback) and to the whole path. */
const NAME = '__Host-entangle-refresh'
const ATTRIBUTES = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const

export const readRefreshCookie = (request: FastifyRequest): string | undefined => request.cookies[NAME]

export function writeRefreshCookie(reply: FastifyReply, token: NewRefreshToken | undefined): void {
  if (token === undefined) reply.clearCookie(NAME, ATTRIBUTES)
  else reply.setCookie(NAME, token.token, { ...ATTRIBUTES, expires: new Date(token.expiresAt) })
}
