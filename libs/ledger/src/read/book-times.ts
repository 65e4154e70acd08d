import { timeline } from '#domain-kit'
import { book } from '../book/book.js'

/** When the events of each book came. */
export const bookTimes = timeline(book)
