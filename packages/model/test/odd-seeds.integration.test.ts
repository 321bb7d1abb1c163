import { playHistories } from '../src/suite.ts'

playHistories(1)
