import { inSeconds, say } from './say.mjs'

/** Runs named steps one after the other, one line each, and remembers how they went. */
export function createSteps() {
  const failures = []
  return {
    failures,
    /** `work` returns a word or two to print; what it throws makes the step fail, and the next one runs. */
    async step(name, work) {
      const startedAt = performance.now()
      try {
        const note = await work()
        print('✓', name, startedAt, note)
        return true
      } catch (error) {
        failures.push(name)
        print('✗', name, startedAt)
        say(indent(error instanceof Error ? error.message : String(error)))
        return false
      }
    },
  }
}

function print(mark, name, startedAt, note) {
  const time = inSeconds(performance.now() - startedAt).padStart(8)
  say(`${mark} ${name.padEnd(24)}${time}${note ? `  ${note}` : ''}`)
}

const indent = text => text.trimEnd().replace(/^/gm, '    ')
