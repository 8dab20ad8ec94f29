/** The name, or the name with a number behind it. */
export function unusedName(name: string, isTaken: (name: string) => boolean): string {
  for (let number = 1; ; number++) {
    const wanted = number === 1 ? name : `${name} ${number}`
    if (!isTaken(wanted)) return wanted
  }
}
