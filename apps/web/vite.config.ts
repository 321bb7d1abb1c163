import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { precompress } from './build/precompress.ts'

export default defineConfig({
  plugins: [react(), precompress()],
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    target: ['chrome120', 'firefox121', 'safari17.2'],
    sourcemap: false,
    // The content policy admits no inline data but images; every asset is a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: true,
    reportCompressedSize: true,
    // All that the first screen needs is one file: each more is a way to the server and back.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'app', test: /src[\\/]main\.tsx$/ }] } } },
  },
})
