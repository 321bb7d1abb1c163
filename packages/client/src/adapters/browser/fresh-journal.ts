import { deleteDB, openDB } from 'idb'

/**
 * Chromium keeps the databases of an origin in one LevelDB. A crash in the middle of a write leaves half a
 * record at the end of its journal. The next start reads what stands before it and goes on writing behind it;
 * the start after that finds the half record in the middle, takes the journal for damaged and removes all
 * databases of the origin. A database that is deleted makes LevelDB put its journal away and begin a new one,
 * with nothing torn in it: so one is made and deleted before anything of worth is written.
 */
export async function beginFreshJournal(name: string): Promise<void> {
  const passing = await openDB(name, 1)
  passing.close()
  await deleteDB(name)
}
