/** Sends commands, one a line, in one request to `POST /v1/commands`. @throws Error at the first that is not accepted. */
export async function sendLines(port: number, token: string, lines: Iterable<string>): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    body: [...lines].join('\n'),
  })
  const results = (await response.text()).trimEnd().split('\n')
  for (const each of results)
    if ((JSON.parse(each) as { status: number }).status !== 201) throw new Error(`a command was refused: ${each}`)
}
