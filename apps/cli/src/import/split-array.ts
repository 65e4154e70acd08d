import { ImportFailure } from './import-failure.js'

/** One item of the outermost array, as text, and where in the input its first character stands (all from 1). */
export interface ArrayItem {
  readonly index: number
  readonly text: string
  readonly place: Place
}

export interface Place {
  readonly character: number
  readonly line: number
  readonly column: number
}

/** Longest text of one item, in characters: eight times what one command may have on the wire. */
export const ITEM_CHARS_MAX = 8 * 1024 * 1024

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const QUOTE = 34
const COMMA = 44
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/** `between` is before an item that must or may come, `inside` an item, `after` the array. */
type State = 'before' | 'first' | 'between' | 'inside' | 'after'

/**
 * Cuts a JSON array that arrives in pieces into the texts of its items, so that a journal of any size is read with
 * the memory of one transaction. It looks at strings and brackets only; whether an item is JSON shows when it is parsed.
 */
export class ArraySplitter {
  #state: State = 'before'
  #depth = 0
  #inString = false
  #escaped = false
  #index = 0
  #parts: string[] = []
  #chars = 0
  #start: Place = { character: 1, line: 1, column: 1 }
  #character = 1
  #line = 1
  #lineStart = 1;

  /**
   * The items that this piece completes.
   *
   * @throws ImportFailure where the text cannot be an array, or an item is longer than 8 Mi characters.
   */
  *push(piece: string): Generator<ArrayItem> {
    let from = 0
    for (let at = 0; at < piece.length; at++) {
      const char = piece.charCodeAt(at)
      if (this.#state === 'inside') {
        if (this.#ends(char)) {
          yield this.#item(piece.slice(from, at))
          this.#state = char === COMMA ? 'between' : 'after'
        }
      } else if (this.#begins(char)) from = at
      this.#character++
      if (char === LF) {
        this.#line++
        this.#lineStart = this.#character
      }
    }
    if (this.#state === 'inside') this.#keep(piece.slice(from))
  }

  /** Says that the input has ended. @throws ImportFailure when the array has not. */
  end(): void {
    if (this.#state === 'after') return
    if (this.#state === 'before') throw new ImportFailure('the input is empty: no JSON array was found')
    const where = this.#state === 'inside' ? ` in transaction ${this.#index + 1}` : ''
    throw new ImportFailure(`${placeText(this.#here())}: the JSON ends too early${where}; it was cut off`)
  }

  /** Outside of items: takes one character, and says whether it is the first of an item. */
  #begins(char: number): boolean {
    if (char === SPACE || char === LF || char === CR || char === TAB) return false
    const here = this.#here()
    if (this.#state === 'before') {
      if (char !== OPEN_LIST) throw new ImportFailure(`${placeText(here)}: expected a JSON array, which starts with [`)
      this.#state = 'first'
      return false
    }
    if (this.#state === 'after') throw new ImportFailure(`${placeText(here)}: there is more after the end of the array`)
    if (char === CLOSE_LIST && this.#state === 'first') {
      this.#state = 'after'
      return false
    }
    if (char === CLOSE_LIST || char === COMMA) {
      throw new ImportFailure(`${placeText(here)}: expected transaction ${this.#index + 1}`)
    }
    this.#state = 'inside'
    this.#start = here
    this.#depth = 0
    this.#ends(char)
    return true
  }

  /** Inside an item: takes one character, and says whether the item ended before it. */
  #ends(char: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (char === BACKSLASH) this.#escaped = true
      else if (char === QUOTE) this.#inString = false
      return false
    }
    if (char === QUOTE) this.#inString = true
    else if (char === OPEN_OBJECT || char === OPEN_LIST) this.#depth++
    else if (this.#depth === 0) return char === COMMA || char === CLOSE_LIST
    else if (char === CLOSE_OBJECT || char === CLOSE_LIST) this.#depth--
    return false
  }

  #keep(part: string): void {
    this.#parts.push(part)
    this.#chars += part.length
    if (this.#chars <= ITEM_CHARS_MAX) return
    throw new ImportFailure(
      `${placeText(this.#start)}: transaction ${this.#index + 1} is longer than ${ITEM_CHARS_MAX} characters`,
    )
  }

  #item(last: string): ArrayItem {
    this.#keep(last)
    const item = { index: this.#index, text: this.#parts.join(''), place: this.#start }
    this.#index++
    this.#parts = []
    this.#chars = 0
    return item
  }

  #here(): Place {
    return { character: this.#character, line: this.#line, column: this.#character - this.#lineStart + 1 }
  }
}

/** The place `offset` characters into a text that starts at `start`. */
export function placeWithin(start: Place, text: string, offset: number): Place {
  const before = text.slice(0, offset)
  const lines = before.split('\n').length - 1
  const column = lines === 0 ? start.column + before.length : before.length - before.lastIndexOf('\n')
  return { character: start.character + before.length, line: start.line + lines, column }
}

/** `line 3, column 14 (character 1592)` */
export function placeText({ character, line, column }: Place): string {
  return `line ${line}, column ${column} (character ${character})`
}
