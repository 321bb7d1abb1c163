import { engine } from './engine/start.ts'
import './styles/base.css'
import './styles/tokens.css'
import { renderApp } from './app/render-app.tsx'

renderApp(engine)
