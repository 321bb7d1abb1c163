export {
  checkHistory,
  describeViolations,
  type Figures,
  PROPERTIES,
  type Property,
  type Violation,
} from './checker/index.ts'
export { createRecorder, type Deed, type Entry, monotonicMs, type Recorder, readHistory } from './history.ts'
export { TAMPERINGS, type Tampering } from './tampering.ts'
