/**
 * Figures in the text format that Prometheus reads. Small enough to be ours: what is measured on the way of a
 * message costs an addition, and no label is ever made of anything that a person or a client chose.
 */
export type Labels = Readonly<Record<string, string>>

export type Counter = { add(amount?: number, labels?: Labels): void }
export type Histogram = { observe(value: number, labels?: Labels): void }

export type Registry = {
  counter(name: string, help: string): Counter
  /** Read when somebody asks; a list gives one line each. */
  gauge(name: string, help: string, read: () => number | readonly Reading[]): void
  /** Buckets are upper bounds, in rising order. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram
  expose(): string
}

export type Reading = { readonly labels: Labels; readonly value: number }

const PREFIX = 'entangle_'

/** From 0.1 ms to 10 s, in seconds. */
export const SECONDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
export const AMOUNTS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

const escaped = (text: string) => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')

function write(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${PREFIX}${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

type Sums = { readonly labels: Labels; readonly counts: number[]; count: number; sum: number }

/** One entry for each set of labels, under the text they are written in. */
function seriesOf<Entry>(make: (labels: Labels) => Entry) {
  const series = new Map<string, Entry>()
  // Whoever measures often brings the same object again, and spares us the text.
  const familiar = new WeakMap<Labels, Entry>()
  return {
    of(labels: Labels): Entry {
      const met = familiar.get(labels)
      if (met !== undefined) return met
      const key = write('', labels, 0)
      const entry = series.get(key) ?? make(labels)
      series.set(key, entry)
      familiar.set(labels, entry)
      return entry
    },
    all: () => [...series.values()],
  }
}

const NO_LABELS: Labels = {}

export function createRegistry(): Registry {
  const writers: (() => string[])[] = []
  const enter = (name: string, kind: string, help: string, lines: () => string[]) =>
    writers.push(() => [`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${kind}`, ...lines()])

  return {
    counter(name, help) {
      const series = seriesOf(labels => ({ labels, value: 0 }))
      enter(name, 'counter', help, () => series.all().map(({ labels, value }) => write(name, labels, value)))
      return {
        add(amount = 1, labels = NO_LABELS) {
          series.of(labels).value += amount
        },
      }
    },
    gauge(name, help, read) {
      enter(name, 'gauge', help, () => {
        const now = read()
        const readings = typeof now === 'number' ? [{ labels: NO_LABELS, value: now }] : now
        return readings.map(({ labels, value }) => write(name, labels, value))
      })
    },
    histogram(name, help, bounds) {
      const series = seriesOf<Sums>(labels => ({ labels, counts: bounds.map(() => 0), count: 0, sum: 0 }))
      enter(name, 'histogram', help, () =>
        series.all().flatMap(({ labels, counts, count, sum }) => {
          let below = 0
          const buckets = bounds.map((bound, index) => {
            below += counts[index] ?? 0
            return write(`${name}_bucket`, { ...labels, le: String(bound) }, below)
          })
          return [
            ...buckets,
            write(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
            write(`${name}_sum`, labels, sum),
            write(`${name}_count`, labels, count),
          ]
        }),
      )
      return {
        observe(value, labels = NO_LABELS) {
          const sums = series.of(labels)
          const index = bounds.findIndex(bound => value <= bound)
          if (index >= 0) sums.counts[index] = (sums.counts[index] ?? 0) + 1
          sums.count += 1
          sums.sum += value
        },
      }
    },
    expose: () => `${writers.flatMap(lines => lines()).join('\n')}\n`,
  }
}
