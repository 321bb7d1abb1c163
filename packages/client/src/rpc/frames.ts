import type { EngineErrorData, EngineEvents, EngineRequestName, EngineRequests } from '../api/engine-api.ts'

/** 32 hexadecimal digits, random. Asking again under the same id has no second effect. */
export type RequestId = string

export type RequestInput<Name extends EngineRequestName> = Parameters<EngineRequests[Name]>[0]
export type RequestResult<Name extends EngineRequestName> = Awaited<ReturnType<EngineRequests[Name]>>

/** From an interface to the engine. Everything survives structured cloning. */
export type CallerFrame =
  | {
      readonly t: 'request'
      readonly id: RequestId
      readonly name: EngineRequestName
      readonly input: unknown
    }
  | { readonly t: 'watch'; readonly name: keyof EngineEvents }
  | { readonly t: 'bye' }

/** From the engine to an interface. */
export type EngineFrame =
  | { readonly t: 'result'; readonly id: RequestId; readonly value: unknown }
  | { readonly t: 'failure'; readonly id: RequestId; readonly error: EngineErrorData }
  | { readonly t: 'event'; readonly name: keyof EngineEvents; readonly value: unknown }

/** A two-way channel of frames: a message port, a worker, or one tab's half of a broadcast channel. */
export type FramePort<Out, In> = {
  readonly send: (frame: Out) => void
  readonly listen: (receive: (frame: In) => void) => () => void
}

export type CallerPort = FramePort<CallerFrame, EngineFrame>
export type EnginePort = FramePort<EngineFrame, CallerFrame>
