import { launch } from './launch.ts'
import { helpText, parseStartOptions } from './options.ts'

/** npm run dev: as npm start, but every part reloads when its files change. */
export async function run(args: readonly string[]): Promise<number> {
  const options = parseStartOptions(args, process.env)
  if (options) return launch(options, 'development')
  console.log(helpText.replace('npm start', 'npm run dev'))
  return 0
}
