import { useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { CheckStep } from './CheckStep.tsx'
import { DoneStep } from './DoneStep.tsx'
import { PasswordStep } from './PasswordStep.tsx'
import { chooseQuestions } from './phrase-text.ts'
import { usePhraseSaved } from './use-reminder.ts'
import { WordsStep } from './WordsStep.tsx'

type Step =
  | { readonly kind: 'password' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | {
      readonly kind: 'check'
      readonly words: readonly string[]
      readonly places: readonly [number, number]
    }
  | { readonly kind: 'done' }

/** Password, the twelve words, two of them typed back. The words live in this dialog and go with it. */
export function RecoveryDialog({ onClose }: { readonly onClose: () => void }) {
  const engine = useEngine()
  const saved = usePhraseSaved()
  // Decided on opening: the last step itself makes the phrase a saved one.
  const [again] = useState(saved)
  const [step, setStep] = useState<Step>({ kind: 'password' })

  return (
    <Dialog title="Recovery phrase" onClose={onClose}>
      {step.kind === 'password' && (
        <PasswordStep onRead={words => setStep({ kind: 'words', words })} onCancel={onClose} />
      )}
      {step.kind === 'words' && (
        <WordsStep
          words={step.words}
          again={again}
          onNext={() =>
            again ? onClose() : setStep({ kind: 'check', words: step.words, places: chooseQuestions() })
          }
        />
      )}
      {step.kind === 'check' && (
        <CheckStep
          words={step.words}
          places={step.places}
          onBack={() => setStep({ kind: 'words', words: step.words })}
          onRight={async () => {
            await engine.request('confirmRecoveryPhrase', {})
            setStep({ kind: 'done' })
          }}
        />
      )}
      {step.kind === 'done' && <DoneStep onClose={onClose} />}
    </Dialog>
  )
}
