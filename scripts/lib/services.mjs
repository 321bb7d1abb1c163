import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { findProgram, installPackages } from './debian.mjs'
import { inRoot } from './paths.mjs'
import { run } from './run.mjs'
import { say } from './say.mjs'

/** Programs of Java's as they are tested: what is fetched from Maven Central, and what of it is not needed. */
const KAFKA = {
  name: 'kafka',
  version: '4.3.1',
  artifacts: ['org.apache.kafka:kafka_2.13', 'org.apache.kafka:kafka-tools'],
}
const S3_PROXY = {
  name: 's3proxy',
  version: '3.1.0',
  artifacts: ['org.gaul:s3proxy'],
  // Everything for stores in the clouds: here it keeps files in a folder.
  without: [
    ...['com.azure', 'com.microsoft.azure', 'io.projectreactor', 'io.projectreactor.netty', 'io.netty'],
    ...[
      'com.google.api',
      'com.google.api-client',
      'com.google.api.grpc',
      'com.google.apis',
      'com.google.auth',
    ],
    ...[
      'com.google.cloud',
      'com.google.http-client',
      'com.google.oauth-client',
      'com.google.protobuf',
      'io.grpc',
    ],
    ...['com.google.cloud.opentelemetry', 'io.opentelemetry', 'io.opentelemetry.contrib', 'io.opencensus'],
    ...['net.java.dev.jna', 'io.perfmark'],
  ],
}
const jarsFolder = ({ name, version }) => inRoot('.cache', `${name}-${version}`)

function pomOf({ version, artifacts, without = [] }) {
  const exclusions = without.map(
    group => `<exclusion><groupId>${group}</groupId><artifactId>*</artifactId></exclusion>`,
  )
  const dependencies = artifacts.map(artifact => {
    const [group, id] = artifact.split(':')
    const what = `<groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version>`
    return `<dependency>${what}<exclusions>${exclusions.join('')}</exclusions></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${dependencies.join('\n')}</dependencies>
</project>
`
}

async function fetchJars(program) {
  const folder = jarsFolder(program)
  if (existsSync(folder)) return
  const isReady = findProgram('java') && findProgram('mvn')
  if (!isReady && !(await installPackages('openjdk-17-jre-headless', 'maven'))) return
  say(`Fetching ${program.name} ${program.version} …`)
  const work = `${folder}.new`
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  writeFileSync(`${work}/pom.xml`, pomOf(program))
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
  renameSync(`${work}/jars`, folder)
  rmSync(work, { recursive: true })
}

const findJars = program =>
  existsSync(jarsFolder(program)) && findProgram('java') ? jarsFolder(program) : undefined

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
    find: () => findJars(KAFKA),
    setUp: () => fetchJars(KAFKA),
  },
  {
    name: 'S3Proxy',
    forTests: true,
    variable: 'S3PROXY_JARS',
    find: () => findJars(S3_PROXY),
    setUp: () => fetchJars(S3_PROXY),
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
export async function ensureServices({ forTests = false } = {}) {
  const missing = []
  for (const service of SERVICES.filter(each => forTests || !each.forTests))
    if (!(await ensureService(service))) missing.push(service.name)
  return missing
}
