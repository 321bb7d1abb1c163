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
  /** What has to hold of value ÷ peerValue. */
  readonly ratioAtLeast?: number
  readonly ratioAtMost?: number
}

const ratioOf = ({ value, peerValue }: Figure): number =>
  peerValue === undefined ? Number.NaN : value / peerValue

/** A limit in words, and whether it is kept. */
type Limit = { readonly text: string; readonly held: boolean }

function* limitsOf(figure: Figure): Generator<Limit> {
  const { value, unit, atMost, ratioAtLeast, ratioAtMost } = figure
  const ratio = ratioOf(figure)
  if (atMost !== undefined) yield { text: `at most ${atMost} ${unit}`, held: value <= atMost }
  if (ratioAtLeast !== undefined)
    yield { text: `ratio at least ${ratioAtLeast}`, held: ratio >= ratioAtLeast }
  if (ratioAtMost !== undefined) yield { text: `ratio at most ${ratioAtMost}`, held: ratio <= ratioAtMost }
}

const rounded = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toFixed(3)

function asText(figure: Figure): string {
  const { measure, value, unit, peer, peerValue } = figure
  const limits = [...limitsOf(figure)].map(({ text, held }) => (held ? text : `${text}: NOT HELD`))
  const against =
    peer === undefined || peerValue === undefined
      ? ''
      : `  ${peer}: ${rounded(peerValue)} ${unit}, ratio ${rounded(ratioOf(figure))}`
  const judged = limits.length === 0 ? '' : `  (${limits.join(', ')})`
  return `  ${measure.padEnd(58)}${rounded(value).padStart(9)} ${unit}${against}${judged}`
}

function asJson({ atMost: _, ratioAtLeast: __, ratioAtMost: ___, ...figure }: Figure): string {
  return JSON.stringify(figure.peerValue === undefined ? figure : { ...figure, ratio: ratioOf(figure) })
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
      held &&= [...limitsOf(whole)].every(limit => limit.held)
    },
    /** Whether everything that has to hold did. */
    get held(): boolean {
      return held
    },
  }
}
export type Report = ReturnType<typeof createReport>
