import process from 'node:process'

/** One result. `peer` names what it was measured against in the same run. */
export type Figure = {
  readonly bench: string
  readonly measure: string
  readonly value: number
  readonly unit: string
  readonly peer?: string
  readonly peerValue?: number
  /** What has to hold, in the unit of the value. */
  readonly atMost?: number
}

const rounded = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toFixed(3)

function asText({ measure, value, unit, peer, peerValue, atMost }: Figure): string {
  const limit =
    atMost === undefined ? '' : `  (at most ${atMost} ${unit}${value > atMost ? ': NOT HELD' : ''})`
  const against =
    peer === undefined || peerValue === undefined
      ? ''
      : `  ${peer}: ${rounded(peerValue)} ${unit}, ratio ${rounded(value / peerValue)}`
  return `  ${measure.padEnd(58)}${rounded(value).padStart(9)} ${unit}${against}${limit}`
}

function asJson({ atMost: _, ...figure }: Figure): string {
  const { value, peerValue } = figure
  return JSON.stringify(peerValue === undefined ? figure : { ...figure, ratio: value / peerValue })
}

/** Prints figures as they come: for people, or with `--json` one object a line. */
export function createReport(bench: string, { json }: { readonly json: boolean }) {
  let held = true
  return {
    /** A line for people alone. */
    say(text: string): void {
      if (!json) process.stdout.write(`${text}\n`)
    },
    add(figure: Omit<Figure, 'bench'>): void {
      const whole = { bench, ...figure }
      process.stdout.write(`${json ? asJson(whole) : asText(whole)}\n`)
      held &&= figure.atMost === undefined || figure.value <= figure.atMost
    },
    /** Whether everything that has to hold did. */
    get held(): boolean {
      return held
    },
  }
}
export type Report = ReturnType<typeof createReport>
