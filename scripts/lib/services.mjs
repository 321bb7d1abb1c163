import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { findProgram, installPackages } from './debian.mjs'
import { inRoot } from './paths.mjs'
import { run } from './run.mjs'
import { say } from './say.mjs'

/** The version that is tested; its jars come from Maven Central. */
const KAFKA = '4.3.1'
const jarsFolder = inRoot('.cache', `kafka-${KAFKA}`)

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA}</version></dependency>
  </dependencies>
</project>
`

async function fetchKafka() {
  if (existsSync(jarsFolder)) return
  const isReady = findProgram('java') && findProgram('mvn')
  if (!isReady && !(await installPackages('openjdk-17-jre-headless', 'maven'))) return
  say(`Fetching Kafka ${KAFKA} …`)
  const work = `${jarsFolder}.new`
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  writeFileSync(`${work}/pom.xml`, POM)
  const args = [
    '-q',
    '-B',
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    '-DoutputDirectory=jars',
  ]
  const { code, output } = await run('mvn', args, { cwd: work, quiet: true })
  if (code !== 0 || readdirSync(`${work}/jars`).length === 0) throw new Error(output)
  // Whole or not at all: whoever is interrupted begins again.
  renameSync(`${work}/jars`, jarsFolder)
  rmSync(work, { recursive: true })
}

/** Programs of others that tests run as they are: how each is found, and how it is set up where that can be done. */
const SERVICES = [
  {
    name: 'Redis',
    variable: 'REDIS_SERVER',
    find: () => findProgram('redis-server', 'valkey-server'),
    setUp: () => installPackages('redis-server'),
  },
  {
    name: 'NGINX',
    variable: 'NGINX',
    find: () => findProgram('nginx'),
    setUp: () => installPackages('nginx'),
  },
  {
    name: 'Kafka',
    variable: 'KAFKA_JARS',
    find: () => (existsSync(jarsFolder) && findProgram('java') ? jarsFolder : undefined),
    setUp: fetchKafka,
  },
]

async function ensureService({ name, variable, find, setUp }) {
  if (process.env[variable]) return true
  let found = find()
  let reason = `there is no ${name} here, and it can be set up by root on Debian only`
  if (!found) {
    try {
      await setUp()
      found = find()
    } catch (error) {
      reason = error.message
    }
  }
  if (found) process.env[variable] = found
  else say(`- tests with ${name} left out: ${reason}`)
  return found !== undefined
}

/** Sets up what can be, tells the tests where it is, and answers with the names of what is missing. */
export async function ensureServices() {
  const missing = []
  for (const service of SERVICES) if (!(await ensureService(service))) missing.push(service.name)
  return missing
}
