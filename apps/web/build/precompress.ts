import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'

const compress = promisify(brotliCompress)

const COMPRESSIBLE = /\.(?:css|html|js|svg|wasm|webmanifest)$/
/** Smaller than a packet: nothing is gained. */
const LEAST_BYTES = 1_000
/** Beyond this the best level takes ten seconds and saves a tenth. */
const LARGE_BYTES = 1_000_000

async function compressFile(path: string): Promise<void> {
  const content = await readFile(path)
  if (content.length < LEAST_BYTES) return
  const small = await compress(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: content.length > LARGE_BYTES ? 9 : constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  })
  if (small.length < content.length) await writeFile(`${path}.br`, small)
}

/** Lays a compressed copy beside each file, so that the server has nothing to compress. */
export function precompress() {
  let folder = ''
  return {
    name: 'precompress',
    apply: 'build' as const,
    configResolved: (config: { readonly build: { readonly outDir: string } }) => {
      folder = config.build.outDir
    },
    closeBundle: {
      sequential: true,
      order: 'post' as const,
      async handler() {
        const entries = await readdir(folder, { recursive: true })
        await Promise.all(
          entries.filter(name => COMPRESSIBLE.test(name)).map(name => compressFile(join(folder, name))),
        )
      },
    },
  }
}
