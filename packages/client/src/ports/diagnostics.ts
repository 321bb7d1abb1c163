/** For developers: a stable code and technical detail. Never text, names or keys of a person. */
export type Diagnostics = { readonly note: (code: string, detail?: unknown) => void }

export const silentDiagnostics: Diagnostics = { note: () => undefined }
