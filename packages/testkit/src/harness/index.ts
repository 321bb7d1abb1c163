export {
  type BrowserOptions,
  findChromium,
  launchBrowser,
  launchProfileBrowser,
  type ProfileBrowser,
} from './browser-process.ts'
export { type Capture, captureTraffic } from './capture.ts'
export { createCheapPasswordProtocol } from './cheap-passwords.ts'
export { type DatabaseView, openDatabaseView } from './database-view.ts'
export { createEndings } from './endings.ts'
export { findFreePort } from './free-port.ts'
export { createNeedles, findNeedles, searchFolder } from './leak-search.ts'
export { createNetworkLink, type NetworkLink, type SentFrame } from './network-link.ts'
export { describeOpenPages } from './page-witness.ts'
export {
  answerRequest,
  bubble,
  chatLink,
  composer,
  expectSignedIn,
  fillSignIn,
  fillSignUp,
  introduce,
  newPerson,
  openChat,
  openNewChat,
  openRequest,
  ownMessage,
  type Person,
  type PersonDetails,
  personDetails,
  send,
  signUp,
  unsentMessages,
  written,
} from './person.ts'
export { createRelay, type Relay } from './relay.ts'
export { createSeededRandom, randomFrom, type SeededRandom } from './seeded-random.ts'
export { type ServerAddress, type ServerOptions, type ServerProcess, startServer } from './server-process.ts'
export { createSpareDatabases, type SpareDatabases } from './spare-databases.ts'
export { createTempDir, type TempDir } from './temp-dir.ts'
export { jumpToLatest, readTimeline, waitUntil } from './timeline.ts'
