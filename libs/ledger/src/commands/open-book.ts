import { IsOptional } from 'class-validator'
import { command } from '#domain-kit'
import { book } from '../book/book.js'
import { IsBookName, IsProse } from '../input/names.js'

export class OpenBook {
  @IsBookName() readonly book!: string
  @IsOptional() @IsProse() readonly description?: string
}

export const openBook = command(book, 'open-book', {
  body: OpenBook,
  route: 'POST /books',
  summary: 'Open a book: the accounts of one location or company',
  example: { book: 'travel', description: 'What trips cost' },
  rejections: { 'book-exists': 409 },
  decide: (state, { description }, { event, reject, target }) =>
    state.isOpen
      ? reject('book-exists', `book "${target}" is open already`)
      : [event('BookOpened', description === undefined ? {} : { description })],
})
