import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = fileURLToPath(new URL('.', import.meta.url))

/** The component workbench: the real screens over a scripted engine. Never part of the production build. */
export default defineConfig({
  root: here,
  publicDir: fileURLToPath(new URL('../public', import.meta.url)),
  plugins: [react()],
  build: { outDir: fileURLToPath(new URL('../.build/preview', import.meta.url)), emptyOutDir: true },
})
