"""
A stand-in for an engine that answers a thousand chats at once, which SmolLM2 on one CPU thread cannot.

Runs in a container as `python3 -c "<this file>" PORT EVENTS INTERVAL_S`, so it is one file of the standard library. The
first event comes at once and the next ones at even intervals, in the shape of openai/openai-openapi f85dbe2,
`CreateChatCompletionStreamResponse`; `sent_ns`, when it was sent by the monotonic clock, is ours. That clock is one for
all containers of a machine.
"""

import asyncio
import json
import sys
import time
from typing import Any

PORT = 8080
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"


class Engine:
    def __init__(self, events: int, interval_s: float) -> None:
        self._events = events
        self._interval_s = interval_s

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
            await self._stream(writer)
        except (OSError, EOFError, IndexError) as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        writer.write(_HEAD)
        for number in range(self._events):
            await asyncio.sleep(began_s + number * self._interval_s - loop.time())
            last = number == self._events - 1
            await self._send(writer, json.dumps(_chunk(f" word{number}", "stop" if last else None)))
        await self._send(writer, "[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _send(self, writer: asyncio.StreamWriter, data: str) -> None:
        event = f"data: {data}\n\n".encode()
        writer.write(b"%x\r\n%b\r\n" % (len(event), event))
        await writer.drain()


def _chunk(content: str, finish: str | None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": "scripted",
        "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish}],
        "sent_ns": time.monotonic_ns(),
    }


async def main(port: int, events: int, interval_s: float) -> None:
    server = await asyncio.start_server(Engine(events, interval_s).serve, "0.0.0.0", port, backlog=4096)  # noqa: S104 - in a container
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
