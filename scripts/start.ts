import { launch } from './launch.ts'
import { helpText, parseStartOptions } from './options.ts'

/** npm start */
export async function run(args: readonly string[]): Promise<number> {
  const options = parseStartOptions(args, process.env)
  if (options) return launch(options, 'production')
  console.log(helpText)
  return 0
}
