import '../src/styles/base.css'
import '../src/styles/tokens.css'
import { renderApp } from '../src/app/render-app.tsx'
import { createScene } from './scenes.ts'
import { createScriptedEngine } from './scripted-engine.ts'

const scene = createScene(new URLSearchParams(location.search).get('scene') ?? 'chats')
renderApp(createScriptedEngine(scene))
