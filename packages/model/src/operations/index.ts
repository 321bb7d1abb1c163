import type { Opening } from '../play/opening.ts'
import { ACCOUNT_DEVICES } from './account-devices.ts'
import { GROUPS } from './groups.ts'
import type { Operation } from './operation.ts'
import { TROUBLE } from './trouble.ts'
import { WRITING } from './writing.ts'

export type { Operation } from './operation.ts'

const OF_TWO: readonly Operation[] = [...WRITING, ...TROUBLE, ...ACCOUNT_DEVICES]

export const operationsOf = (opening: Opening): readonly Operation[] =>
  opening === 'group' ? [...OF_TWO, ...GROUPS] : OF_TWO
