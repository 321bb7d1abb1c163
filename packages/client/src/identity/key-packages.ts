import type { AccountContext } from '../account/context.ts'
import { accountKeys } from '../store/keys.ts'

/** Made and stored here, not yet known to be published. Publishing twice adds nothing twice. */
type UnpublishedRecord = {
  readonly packages: readonly Uint8Array[]
  readonly lastResort: Uint8Array | null
}

const asUnpublished = (value: unknown) => value as UnpublishedRecord

/** The first few go out at once, so that a new person can be written to while the others are made. */
const FIRST_FEW = 5
const PORTION = 15

async function create(
  { ledger, self }: AccountContext,
  count: number,
  withLastResort: boolean,
): Promise<void> {
  await ledger.transact(({ mls, put }) => {
    const { signatureKey, credential } = self
    const make = (amount: number, lastResort: boolean) =>
      amount === 0 ? [] : mls.createKeyPackages({ signatureKey, credential, count: amount, lastResort })
    const record: UnpublishedRecord = {
      packages: make(count, false).map(made => made.keyPackage),
      lastResort: make(withLastResort ? 1 : 0, true)[0]?.keyPackage ?? null,
    }
    // The private parts are entries of the MLS state: stored in the same write, before anything is published.
    put(accountKeys.packages, record)
  })
}

async function publishStored({ calls, ledger, records }: AccountContext): Promise<number | undefined> {
  const stored = await records.readRecord(accountKeys.packages, asUnpublished)
  if (stored === undefined) return undefined
  const { available } = await calls.call('publishKeyPackages', {
    packages: [...stored.packages],
    ...(stored.lastResort === null ? {} : { lastResort: stored.lastResort }),
  })
  await ledger.transact(({ remove }) => remove(accountKeys.packages))
  return available
}

/** Keeps the pool at the server filled, and the last-resort package fresh. */
export async function maintainKeyPackages(context: AccountContext): Promise<void> {
  const { pool, refillBelow } = context.timing.keyPackages
  await publishStored(context)
  const status = await context.calls.call('keyPackageStatus', {})
  const needsLastResort = status.lastResort !== 'fresh'
  let available = status.available
  if (available >= refillBelow && !needsLastResort) return
  if (available < FIRST_FEW) {
    await create(context, FIRST_FEW, needsLastResort)
    available = (await publishStored(context)) ?? available + FIRST_FEW
  } else if (needsLastResort) {
    await create(context, 0, true)
    available = (await publishStored(context)) ?? available
  }
  if (available >= pool || status.available >= refillBelow) return
  // In portions, so that a message never waits long for its turn.
  while (available < pool) {
    await create(context, Math.min(PORTION, pool - available), false)
    available = (await publishStored(context)) ?? pool
  }
}
