export {
  checkHistory,
  describeViolations,
  type Figures,
  PROPERTIES,
  type Property,
  type Violation,
} from './checker/index.ts'
export { createRecorder, type Deed, type Entry, monotonicMs, type Recorder, readHistory } from './history.ts'
export { createJumpingClock, type JumpingClock } from './jumping-clock.ts'
export { createNetworkNamespace, type NetworkNamespace } from './network-namespace.ts'
export { findBackends, findPostmaster, kill9 } from './postgres-processes.ts'
export { mountSmallDisk, type SmallDisk } from './small-disk.ts'
export { TAMPERINGS, type Tampering } from './tampering.ts'
