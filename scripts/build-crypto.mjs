// Builds packages/crypto/rust to WebAssembly, or checks what is committed.
//
//   node scripts/build-crypto.mjs                  build packages/crypto/wasm
//   node scripts/build-crypto.mjs --check          manifest against source and outputs; needs no Rust
//   node scripts/build-crypto.mjs --rebuild-check  build again elsewhere with the manifest's toolchain, compare bytes
//
// WASM_BINDGEN names the wasm-bindgen program when it is not on the PATH.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const sourceDir = path.join(root, 'packages/crypto/rust')
const outputDir = path.join(root, 'packages/crypto/wasm')
const manifestPath = path.join(outputDir, 'manifest.json')
const target = 'wasm32-unknown-unknown'
const outName = 'entangle_crypto'

const say = text => process.stdout.write(`${text}\n`)
const stop = text => {
  process.stderr.write(`build-crypto: ${text}\n`)
  process.exit(1)
}
const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')

/** Relative paths of the crate's sources, sorted, with forward slashes. */
function sourceFiles() {
  return readdirSync(sourceDir, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.relative(sourceDir, path.join(entry.parentPath ?? entry.path, entry.name)))
    .map(name => name.split(path.sep).join('/'))
    .filter(name => !name.startsWith('target/'))
    .sort()
}

/** One digest over names and contents; line ends are normalised so that a checkout on Windows agrees. */
function sourceDigest() {
  const hash = createHash('sha256')
  for (const name of sourceFiles()) {
    const text = readFileSync(path.join(sourceDir, name), 'utf8').replaceAll('\r\n', '\n')
    hash.update(`${name}\0${sha256(text)}\n`)
  }
  return hash.digest('hex')
}

function run(program, args, options = {}) {
  return execFileSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  }).trim()
}

function tryRun(program, args) {
  try {
    return run(program, args)
  } catch {
    return null
  }
}

/** A compiler that brings the target's standard library, or one that brings the library's source and wasm-ld. */
function findToolchain() {
  const linker = ['wasm-ld', 'wasm-ld-19'].find(name => tryRun(name, ['--version']) !== null)
  for (const [rustc, cargo] of [
    ['rustc', 'cargo'],
    ['/usr/bin/rustc', '/usr/bin/cargo'],
  ]) {
    const version = tryRun(rustc, ['--version'])
    const sysroot = tryRun(rustc, ['--print', 'sysroot'])
    if (version === null || sysroot === null || tryRun(cargo, ['--version']) === null) continue
    const hasTarget = existsSync(path.join(sysroot, 'lib/rustlib', target, 'lib'))
    const hasSource = existsSync(path.join(sysroot, 'lib/rustlib/src/rust/library/Cargo.lock'))
    if (hasTarget) return { rustc, cargo, version, sysroot, buildStd: false, linker: null }
    if (hasSource && linker) return { rustc, cargo, version, sysroot, buildStd: true, linker }
  }
  return stop(`no Rust compiler for ${target} found (rustup target add ${target})`)
}

function findBindgen(wanted) {
  const program = process.env.WASM_BINDGEN ?? 'wasm-bindgen'
  const version = tryRun(program, ['--version'])
  if (version !== `wasm-bindgen ${wanted}`) {
    stop(
      `needs wasm-bindgen ${wanted} (cargo install wasm-bindgen-cli --version ${wanted}), found ${version ?? 'none'}`,
    )
  }
  return { program, version }
}

function bindgenVersion() {
  const lock = readFileSync(path.join(sourceDir, 'Cargo.lock'), 'utf8')
  return (
    /name = "wasm-bindgen"\s+version = "([^"]+)"/.exec(lock)?.[1] ?? stop('Cargo.lock names no wasm-bindgen')
  )
}

function toolchainStrings(toolchain, bindgen) {
  const linker = toolchain.linker ? run(toolchain.linker, ['--version']) : 'rust-lld'
  return {
    rustc: toolchain.version,
    std: toolchain.buildStd ? 'built from source' : 'prebuilt',
    linker,
    wasmBindgen: bindgen.version,
  }
}

/** Builds a copy of the crate in `work` and leaves the outputs in `destination`. */
function build(toolchain, bindgen, work, destination) {
  const crate = path.join(work, 'crate')
  const targetDir = path.join(work, 'target')
  rmSync(crate, { recursive: true, force: true })
  mkdirSync(crate, { recursive: true })
  for (const name of sourceFiles()) cpSync(path.join(sourceDir, name), path.join(crate, name))
  const cargoHome = process.env.CARGO_HOME ?? path.join(homedir(), '.cargo')
  execFileSync(toolchain.cargo, ['fetch', '--locked'], {
    cwd: crate,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const registry = path.join(cargoHome, 'registry/src')
  // No path of the building machine may reach the binary (panic messages carry source paths).
  const flags = [
    `--remap-path-prefix=${crate}=crate`,
    `--remap-path-prefix=${cargoHome}=cargo`,
    ...readdirSync(registry).map(name => `--remap-path-prefix=${path.join(registry, name)}=crates`),
    `--remap-path-prefix=${toolchain.sysroot}=rust`,
  ]
  const environment = {
    ...process.env,
    RUSTC: toolchain.rustc,
    CARGO_TARGET_DIR: targetDir,
    CARGO_ENCODED_RUSTFLAGS: flags.join('\u001f'),
    CARGO_INCREMENTAL: '0',
    SOURCE_DATE_EPOCH: '0',
  }
  const args = ['build', '--release', '--locked', '--target', target]
  if (toolchain.buildStd) {
    environment.RUSTC_BOOTSTRAP = '1'
    environment.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER = toolchain.linker
    args.unshift('-Zbuild-std=std,panic_abort')
  }
  execFileSync(toolchain.cargo, args, {
    cwd: crate,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  mkdirSync(destination, { recursive: true })
  run(bindgen.program, [
    '--target=web',
    '--omit-default-module-path',
    '--experimental-reset-state-function',
    '--remove-name-section',
    '--remove-producers-section',
    `--out-name=${outName}`,
    `--out-dir=${destination}`,
    path.join(targetDir, target, 'release', `${outName}.wasm`),
  ])
}

const outputs = [`${outName}.js`, `${outName}.d.ts`, `${outName}_bg.wasm`, `${outName}_bg.wasm.d.ts`]

function describeOutputs(directory) {
  return Object.fromEntries(
    outputs.map(name => {
      const bytes = readFileSync(path.join(directory, name))
      return [name, { sha256: sha256(bytes), sizeBytes: bytes.length }]
    }),
  )
}

function readManifest() {
  if (!existsSync(manifestPath)) stop('no manifest; run node scripts/build-crypto.mjs')
  return JSON.parse(readFileSync(manifestPath, 'utf8'))
}

function differences(expected, found) {
  return outputs.filter(name => expected[name]?.sha256 !== found[name]?.sha256)
}

function check() {
  const manifest = readManifest()
  if (manifest.source !== sourceDigest())
    stop('packages/crypto/rust has changed since packages/crypto/wasm was built')
  const changed = differences(manifest.outputs, describeOutputs(outputDir))
  if (changed.length > 0) stop(`not what the manifest names: ${changed.join(', ')}`)
  say('crypto: WebAssembly, source and manifest agree')
}

function withScratch(work) {
  const scratch = mkdtempSync(path.join(tmpdir(), 'entangle-crypto-'))
  try {
    work(scratch)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function rebuildCheck() {
  check()
  const manifest = readManifest()
  const bindgen = { program: process.env.WASM_BINDGEN ?? 'wasm-bindgen', version: null }
  bindgen.version = tryRun(bindgen.program, ['--version'])
  const toolchain = findToolchain()
  const present = toolchainStrings(toolchain, bindgen)
  if (JSON.stringify(present) !== JSON.stringify(manifest.toolchain)) {
    say('crypto: rebuild skipped, the toolchain of the manifest is not here')
    return
  }
  withScratch(scratch => {
    const destination = path.join(scratch, 'out')
    build(toolchain, bindgen, scratch, destination)
    const changed = differences(manifest.outputs, describeOutputs(destination))
    if (changed.length > 0) stop(`the rebuild differs: ${changed.join(', ')}`)
    say('crypto: the rebuild is identical, byte for byte')
  })
}

function buildAndRecord() {
  const toolchain = findToolchain()
  const bindgen = findBindgen(bindgenVersion())
  const work = path.join(sourceDir, 'target', 'reproducible')
  mkdirSync(work, { recursive: true })
  build(toolchain, bindgen, work, outputDir)
  const manifest = {
    source: sourceDigest(),
    toolchain: toolchainStrings(toolchain, bindgen),
    outputs: describeOutputs(outputDir),
  }
  writeFileSync(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`)
  say(`crypto: built, ${manifest.outputs[`${outName}_bg.wasm`].sizeBytes} bytes of WebAssembly`)
}

const mode = process.argv[2]
if (mode === undefined) buildAndRecord()
else if (mode === '--check') check()
else if (mode === '--rebuild-check') rebuildCheck()
else stop('usage: build-crypto.mjs [--check | --rebuild-check]')
