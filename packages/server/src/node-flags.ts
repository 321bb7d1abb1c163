/**
 * How Node is to run the server. V8 lets its young generation grow to 128 MiB and shrink again as the work goes, and
 * resident memory follows in steps; so bounded it stays where it is, for a few parts in a hundred of the server's
 * processor time in a crowd (docs/decisions/0006-hot-path.md).
 */
export const NODE_FLAGS = ['--max-semi-space-size=32']
