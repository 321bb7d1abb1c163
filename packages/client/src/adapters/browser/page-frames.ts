/** From the page to its worker, beside the frames of the engine. */
export type PageFrame = { readonly t: 'page'; readonly visible: boolean }

export const isPageFrame = (value: unknown): value is PageFrame =>
  typeof value === 'object' && value !== null && 't' in value && value.t === 'page'
