import './styles/base.css'
import './styles/tokens.css'
import { connectEngine } from '@entangle/client/browser'
import { renderApp } from './app/render-app.tsx'
import { createEngineWorker } from './engine/trusted-worker.ts'

renderApp(connectEngine(createEngineWorker()))
