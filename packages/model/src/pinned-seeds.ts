/** Seeds that ever failed, and what they found: they are played in every run, before the others. */
export const PINNED_SEEDS: readonly { readonly seed: number; readonly found: string }[] = [
  {
    seed: 1,
    found:
      'what was on its way while a device came in could never be read there; one that came back waited for ever',
  },
  {
    seed: 6,
    found: 'a removed device could open what had been encrypted before the removal and was placed after it',
  },
  { seed: 7, found: 'a Welcome and an external commit at once left a device in an epoch that was over' },
  { seed: 43, found: 'a device that came in by itself showed an old name of its group' },
  { seed: 55, found: 'after a lost race a device went on in an epoch that its store did not know' },
  { seed: 70, found: 'somebody was added by a device that did not know the name of the group yet' },
  { seed: 81, found: 'a device that had left its list, and not the tree, was taken for an attack' },
  { seed: 85, found: 'who left a group and was out already did not see what of theirs had been accepted' },
  { seed: 89, found: 'who came back by a link before knowing to be out went on with the old epoch' },
  { seed: 98, found: 'a device that had left its list, and not the tree, was taken for an attack' },
  { seed: 107, found: 'a device that its own account took in lacked what was said before, and the name' },
  { seed: 163, found: 'a device that had left its list, and not the tree, was taken for an attack' },
  { seed: 182, found: 'what was written in a group that ended before this device was in waited for ever' },
  { seed: 301, found: 'a device that had left its list, and not the tree, was taken for an attack' },
  { seed: 317, found: 'a commit that kept somebody who leaves was built again at once, without end' },
  { seed: 5002, found: 'what was written in a group that ended before this device was in waited for ever' },
  { seed: 7022, found: 'nobody vouched for a device whose account had been out and was in again' },
  { seed: 20005, found: 'a refusal that came twice had a message encrypted twice in one epoch' },
  { seed: 30025, found: 'what was told again by somebody who manages nothing any more was lost' },
  { seed: 40080, found: 'a device that had gone before its account was met was taken for an attack' },
  { seed: 40108, found: 'a device that came back with its account showed an old name of the group' },
  {
    seed: 41081,
    found: 'a name given by a device that had just left its account counted for some members only',
  },
  { seed: 41291, found: 'a device of the only managers was told nothing of its group by those who knew' },
  {
    seed: 60495,
    found: 'who came by a link into a group that everybody leaves could never commit anything there',
  },
  {
    seed: 60662,
    found:
      'a device that came back was answered by somebody who manages only soon, and went on with an old name',
  },
  {
    seed: 60738,
    found: 'a device that left its list while its key package was on the way was taken for an attack',
  },
  {
    seed: 60990,
    found: 'a device that left its list while its key package was on the way was taken for an attack',
  },
  {
    seed: 70088,
    found:
      'a device that went with its leaving account, and was taken in again by somebody who knew no better, was taken for one that returns',
  },
]
