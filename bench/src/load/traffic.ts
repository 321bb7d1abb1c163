import type { Fleet, Member } from './fleet.ts'
import { createHistogram } from './histogram.ts'

export type TrafficPlan = {
  /** `closed`: so many messages are under way at any moment, `count` in all. `open`: they arrive when they arrive (Poisson). */
  readonly arrival:
    | { readonly kind: 'closed'; readonly outstanding: number; readonly count?: number }
    | { readonly kind: 'open'; readonly perSecond: number }
  /** A message is done when its sender has the acknowledgement, or when every receiver in this process has it. */
  readonly until: 'acknowledged' | 'delivered'
}

export type Tally = {
  readonly completed: number
  readonly deliveries: number
  readonly refused: number
  readonly unanswered: number
  readonly latencies: Uint32Array
}

export type Traffic = {
  /** What was counted since the last time. */
  take(): Tally
  stop(): void
}

type UnderWay = { readonly sinceMs: number; left: number }

/** Numbers of messages of this process; never used twice, whatever fleet sends them. */
let numbers = 0

export function startTraffic(fleet: Fleet, { arrival, until }: TrafficPlan): Traffic {
  const underWay = new Map<number, UnderWay>()
  const histogram = createHistogram()
  /** After so many it is enough. */
  const enough =
    arrival.kind === 'closed' ? (arrival.count ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  let next = 0
  let completed = 0
  let deliveries = 0
  let refused = 0
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  function post(member: Member, sinceMs: number): void {
    const { conversationId } = member.device
    const left = until === 'acknowledged' ? 1 : (fleet.receiversOf.get(conversationId) ?? 1)
    underWay.set(++numbers, { sinceMs, left })
    fleet.send(member, numbers)
  }

  /** Every message is another device's: nobody in life writes a thousand a second. */
  function postNext(sinceMs: number): void {
    const member = fleet.members[next++ % fleet.members.length]
    if (member !== undefined) post(member, sinceMs)
  }

  function advance(number: number): void {
    const message = underWay.get(number)
    if (message === undefined) return
    message.left -= 1
    if (message.left > 0) return
    underWay.delete(number)
    const now = performance.now()
    completed += 1
    histogram.record(now - message.sinceMs)
    if (arrival.kind === 'closed' && !stopped && next < enough) postNext(now)
  }

  fleet.onAck = (number, status) => {
    if (status !== 0) refused += 1
    if (until === 'acknowledged' || status !== 0) advance(number)
  }
  fleet.onDeliver = number => {
    deliveries += 1
    if (until === 'delivered') advance(number)
  }

  /** Latency counts from when a message was due, not from when this process got round to it. */
  function arrive(dueMs: number, perSecond: number): void {
    if (stopped) return
    const now = performance.now()
    let due = dueMs
    for (; due <= now; due += (-Math.log(1 - Math.random()) * 1000) / perSecond) postNext(due)
    timer = setTimeout(() => arrive(due, perSecond), Math.max(0, due - performance.now()))
  }

  if (arrival.kind === 'open') arrive(performance.now(), arrival.perSecond)
  else for (let slot = 0; slot < arrival.outstanding; slot++) postNext(performance.now())

  return {
    take() {
      const tally = {
        completed,
        deliveries,
        refused,
        unanswered: underWay.size,
        latencies: histogram.takeCounts(),
      }
      completed = 0
      deliveries = 0
      refused = 0
      return tally
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
