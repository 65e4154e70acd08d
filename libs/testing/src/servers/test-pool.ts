import pg from 'pg'

/**
 * A pool whose database may be dropped, or whose server stopped, as soon as it has ended. `end()` does not wait until its connections are
 * closed, and what the server says to one of them meanwhile is an error of the pool, which ends a process that does not listen.
 *
 * @param max connections. Default 10, as pg has it.
 */
export function testPool(url: string, max = 10): pg.Pool {
  return new pg.Pool({ connectionString: url, max }).on('error', () => undefined)
}
