import { styleText } from 'node:util'

/** Shows what is being done, line by line, with its time. */
export interface Steps {
  /** Shows the step while `work` runs. `note` is what the result means to the reader. */
  step<T>(
    title: string,
    work: (say: (text: string) => void) => Promise<T>,
    note?: (result: T) => string,
  ): Promise<T>
  line(text: string): void
}

interface Terminal {
  write(text: string): unknown
  isTTY?: boolean
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const titleWidth = 18

/** On a terminal a step moves while it runs; elsewhere it is one line when it begins and one when it ends. */
export function makeSteps(terminal: Terminal = process.stdout): Steps {
  const moving = terminal.isTTY === true && process.env['TERM'] !== 'dumb'
  const paint = (format: 'green' | 'red' | 'dim' | 'cyan', text: string) =>
    moving ? styleText(format, text, { validateStream: false }) : text
  const show = (mark: string, title: string, note: string, started: number) => {
    const time = `${((performance.now() - started) / 1_000).toFixed(1)} s`.padStart(7)
    return `  ${mark} ${title.padEnd(titleWidth)} ${paint('dim', time)}  ${note}`
  }

  async function step<T>(
    title: string,
    work: (say: (text: string) => void) => Promise<T>,
    note: (result: T) => string = () => '',
  ): Promise<T> {
    const started = performance.now()
    let said = ''
    let frame = 0
    const draw = () => {
      const mark = paint('cyan', frames[frame++ % frames.length] ?? '·')
      terminal.write(`\r\x1b[2K${clip(show(mark, title, said, started))}`)
    }
    const timer = moving ? setInterval(draw, 100) : null
    if (!moving) terminal.write(`  · ${title}\n`)
    try {
      const result = await work((text) => {
        said = text
        if (!moving) terminal.write(`    ${text}\n`)
      })
      const line = show(paint('green', '✓'), title, note(result) || (moving ? said : ''), started)
      terminal.write(`${moving ? '\r\x1b[2K' : ''}${line.trimEnd()}\n`)
      return result
    } catch (error) {
      terminal.write(`${moving ? '\r\x1b[2K' : ''}${show(paint('red', '✗'), title, '', started).trimEnd()}\n`)
      throw error
    } finally {
      if (timer) clearInterval(timer)
    }
  }

  return { step, line: (text) => terminal.write(`${text}\n`) }
}

// A line that wraps could not be drawn over. The escape sequences of the colours take no room.
function clip(line: string): string {
  const columns = process.stdout.columns || 100
  return line.length > columns + 15 ? `${line.slice(0, columns + 14)}…` : line
}
