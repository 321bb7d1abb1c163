import { once } from 'node:events'
import { Readable } from 'node:stream'
import type pg from 'pg'

/** The parts of the driver's connection that COPY needs; its published types leave them out. */
type CopyConnection = pg.Connection & {
  sendCopyFromChunk(chunk: Uint8Array): void
  endCopyFrom(): void
  sendCopyFail(message: string): void
}

const PIECE_BYTES = 64 * 1024

type Complete = { readonly text: string }

/** 'COPY 17' → 17 */
const rowsOf = ({ text }: Complete): number => Number(/\d+$/.exec(text)?.[0] ?? Number.NaN)

/** What a `COPY … TO STDOUT` gives, read only as fast as it is taken; the number of rows is known at its end. */
export class CopyOut extends Readable {
  rows = 0
  readonly #text: string
  #connection: pg.Connection | undefined
  #gathered: Buffer[] = []
  #gatheredBytes = 0

  constructor(text: string) {
    super()
    this.#text = text
  }

  submit(connection: pg.Connection): void {
    this.#connection = connection
    connection.query(this.#text)
  }

  override _read(): void {
    this.#connection?.stream.resume()
  }

  /** One call a row: what goes on is larger. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    // The driver uses its buffer again.
    this.#gathered.push(Buffer.from(chunk))
    this.#gatheredBytes += chunk.length
    if (this.#gatheredBytes >= PIECE_BYTES && !this.#passOn()) this.#connection?.stream.pause()
  }

  #passOn(): boolean {
    const piece = Buffer.concat(this.#gathered, this.#gatheredBytes)
    this.#gathered = []
    this.#gatheredBytes = 0
    return this.push(piece)
  }

  handleCommandComplete(message: Complete): void {
    this.rows = rowsOf(message)
  }

  handleError(error: Error): void {
    this.destroy(error)
  }

  handleReadyForQuery(): void {
    if (this.#gatheredBytes > 0) this.#passOn()
    this.push(null)
  }
}

/** Feeds a `COPY … FROM STDIN`. */
class CopyIn {
  readonly done: Promise<number>
  readonly #text: string
  readonly #source: Readable
  #rows = 0
  #resolve: (rows: number) => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(text: string, source: Readable) {
    this.#text = text
    this.#source = source
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text)
  }

  handleCopyInResponse(connection: CopyConnection): void {
    this.#feed(connection).catch(error =>
      connection.sendCopyFail(error instanceof Error ? error.message : 'the source failed'),
    )
  }

  async #feed(connection: CopyConnection): Promise<void> {
    for await (const chunk of this.#source) {
      connection.sendCopyFromChunk(chunk)
      if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain')
    }
    connection.endCopyFrom()
  }

  handleCommandComplete(message: Complete): void {
    this.#rows = rowsOf(message)
  }

  handleError(error: Error): void {
    this.#source.destroy()
    this.#reject(error)
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#rows)
  }
}

export const copyOut = (client: pg.ClientBase, text: string): CopyOut => client.query(new CopyOut(text))

/** Answers with the number of rows. */
export const copyIn = (client: pg.ClientBase, text: string, source: Readable): Promise<number> =>
  client.query(new CopyIn(text, source)).done
