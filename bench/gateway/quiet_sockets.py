"""A service whose WebSockets stay open and silent. Needs nothing but Python."""

import asyncio
import base64
import hashlib
import sys

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Shake hands, or answer a plain request; then wait until the other side leaves."""
    head = await reader.readuntil(b"\r\n\r\n")
    key = next(
        (line[18:].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")), None
    )
    if key is None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    else:
        accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
        lines = (b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade")
        writer.write(b"\r\n".join((*lines, b"Sec-WebSocket-Accept: " + accept, b"", b"")))
        await reader.read()
    writer.close()


async def main(host: str, port: int) -> None:
    """Serve for ever."""
    server = await asyncio.start_server(keep, host, port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
