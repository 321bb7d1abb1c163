import { describeOpenPages } from '@entangle/testkit/harness'
import { afterEach } from 'vitest'

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  process.stdout.write(`The pages when "${task.name}" failed:\n${await describeOpenPages()}\n`)
})
