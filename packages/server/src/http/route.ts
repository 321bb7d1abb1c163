import type { OperationName, Operations } from '@entangle/protocol'
import type { z } from 'zod'
import type { DeviceSession } from '../ports/session-verifier.ts'

export type NewRefreshToken = { readonly token: string; readonly expiresAt: number }

/** What a service may know of a call beside its body. */
export type AnonymousCall = {
  readonly requestId: string
  /** The caller's address: for limits, and sealed for the list of devices; never logged. */
  readonly address: string
  /** As the caller says: it may be anything. */
  readonly userAgent: string | undefined
  /** What the refresh cookie held. */
  readonly refreshToken: string | undefined
  setRefreshToken(token: NewRefreshToken | undefined): void
}

export type DeviceCall = AnonymousCall & { readonly session: DeviceSession }

type CallOf<Name extends OperationName> = Operations[Name]['auth'] extends 'device'
  ? DeviceCall
  : AnonymousCall

export type RequestOf<Name extends OperationName> = z.output<Operations[Name]['request']>
export type AnswerOf<Name extends OperationName> = z.input<Operations[Name]['response']>

export type Handler<Name extends OperationName> = (
  request: RequestOf<Name>,
  call: CallOf<Name>,
) => Promise<AnswerOf<Name>>

/** A handler for each operation of the contract; a missing one does not compile. */
export type Handlers = { readonly [Name in OperationName]: Handler<Name> }

/** Ties a handler to its operation, with the services it needs. */
export const defineRoute =
  <Name extends OperationName>(_name: Name) =>
  <Services>(create: (services: Services) => Handler<Name>) =>
    create
