// A bound for a test that hangs, not a statement about speed: speed lives in bench/.
jest.setTimeout(300_000)
